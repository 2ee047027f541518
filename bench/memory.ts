/**
 * Memory before and after a million gradients, and a hundred thousand eager expressions: nobody frees a tensor, and
 * nothing may pile up.
 *
 *     npx tsx bench/memory.ts [--json]
 */
import { pathToFileURL } from "node:url";
import { logDensity, tensor } from "lapilli";
import { eightSchools } from "../test/posteriors/models/eightSchools.ts";
import { collectGarbage } from "./measure.ts";
import { markdownTable } from "./table.ts";

export interface MemoryFigures {
  readonly what: string;
  readonly times: number;
  readonly seconds: number;
  /** Kilobytes in use after a garbage collection: the heap, and array buffers outside it. */
  readonly before: number;
  readonly after: number;
  /** Kilobytes that the heap grew by before anything was collected, at most; garbage included. */
  readonly peak: number;
}

const used = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1024;
};

const settled = (): number => {
  collectGarbage();
  return used();
};

/** Runs `step` many times in ten parts; warmed up first. */
function watch(what: string, times: number, step: (i: number) => number): MemoryFigures {
  for (let i = 0; i < times / 10; i++) step(i);
  const before = settled();
  const started = performance.now();
  let peak = 0;
  for (let part = 0; part < 10; part++) {
    for (let i = 0; i < times / 10; i++) step(i);
    peak = Math.max(peak, used() - before);
  }
  const seconds = (performance.now() - started) / 1000;
  return { what, times, seconds, before, after: settled(), peak };
}

export function measureMemory(): MemoryFigures[] {
  const ld = logDensity(eightSchools.bind(eightSchools.ownData!()), undefined);
  const x = new Float64Array(ld.dim).fill(0.1);
  const gradient = new Float64Array(ld.dim);
  const a = tensor(Array.from({ length: 100 }, (_, i) => i / 100));
  return [
    watch("gradients of eight schools", 1e6, () => ld.valueAndGrad(x, gradient)),
    watch("eager expressions: sum(a exp(−a²) + i) of 100 elements", 1e5, (i) =>
      a.square().neg().exp().mul(a).add(i).sum().item(),
    ),
    watch("models traced and compiled", 200, () =>
      logDensity(eightSchools.bind(eightSchools.ownData!()), undefined).value(x),
    ),
  ];
}

export function memoryReport(): string {
  const kilobytes = (x: number): string => x.toFixed(0);
  return markdownTable(
    ["what", "times", "s", "before kB", "after kB", "growth at most, kB"],
    measureMemory().map((f) => [
      f.what,
      f.times.toExponential(0),
      f.seconds.toFixed(2),
      kilobytes(f.before),
      kilobytes(f.after),
      kilobytes(f.peak),
    ]),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(process.argv.includes("--json") ? JSON.stringify(measureMemory()) : memoryReport());
}
