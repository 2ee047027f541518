/**
 * Times the way from a model and its data to the first gradient, several times in this process: the first is cold. It runs from source
 * and, bundled with the package left out, against what an installed package has.
 *
 *     <this file> <posterior> <file of its data, JSON> <times>
 */
import { readFileSync } from "node:fs";

/** Milliseconds. */
export interface FirstGradient {
  /** Loading the package, which the others do not include. */
  readonly import: number;
  /** From model and data to the first gradient, once after the other. */
  readonly gradients: readonly number[];
}

const [name, file, times] = process.argv.slice(2);
const data = JSON.parse(readFileSync(file!, "utf8"));
const started = performance.now();
const { logDensity } = await import("lapilli");
const imported = performance.now() - started;
const { posteriors } = await import("../test/posteriors/posteriors.ts");
const { bind } = posteriors.find((p) => p.name === name)!;

const gradients = Array.from({ length: Number(times) }, (): number => {
  const before = performance.now();
  const ld = logDensity(bind(data), undefined);
  ld.valueAndGrad(new Float64Array(ld.dim).fill(0.1), new Float64Array(ld.dim));
  return performance.now() - before;
});
console.log(JSON.stringify({ import: imported, gradients } satisfies FirstGradient));
