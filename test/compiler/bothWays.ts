/** A function of tensors with the passes that change its work, and without them. */
import { expect } from "vitest";
import { pullback } from "../../src/autodiff/reverse.ts";
import type { TypedArray } from "../../src/compiler/graph.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { isConstant, scalar } from "../../src/compiler/node.ts";
import { allPasses, type Passes, withPasses } from "../../src/compiler/passes.ts";
import { topological } from "../../src/compiler/simplify.ts";
import * as shape from "../../src/tensor/shape.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { draw } from "../ops/draw.ts";
import { difference, runCompiled, within } from "../ops/engines.ts";
import { variables } from "./check.ts";

/** Every switch off, of tracing and of compiling. */
export const allOff = Object.fromEntries(Object.keys(allPasses).map((name) => [name, false])) as unknown as Passes;

/** Value and gradients, compiled with every pass and interpreted with none. */
export function bothWays(
  shapes: readonly (readonly number[])[],
  f: (...x: Tensor[]) => Tensor,
  values: readonly Float64Array[],
): { readonly compiled: readonly Float64Array[]; readonly plain: readonly TypedArray[] } {
  const inputs = variables(shapes);
  const trace = () => {
    const out = f(...inputs.map(wrap)).node;
    return [out, ...pullback([out], [scalar(1)], inputs).filter((g) => g !== undefined)];
  };
  const run = runCompiled(trace(), inputs, values);
  if (run instanceof Error) throw run;
  const plain = withPasses(allOff, trace);
  return {
    compiled: run.values,
    plain: withPasses(allOff, () => interpret(plain, inputs, values)),
  };
}
export function agree(shapes: readonly (readonly number[])[], f: (...x: Tensor[]) => Tensor, seed = 1): void {
  const values = shapes.map((s, i) => draw({ shape: s, domain: [-1.5, 1.5] }, seed, i) as Float64Array);
  const { compiled, plain } = bothWays(shapes, f, values);
  plain.forEach((x, k) => {
    const largest = Math.max(1, ...Array.from(x, Math.abs));
    expect(
      difference(
        compiled[k]!,
        x,
        within(() => 1e-11 * largest),
      ),
      `output ${k}`,
    ).toBeUndefined();
  });
}
export const column = (n: number, salt = 0): Float64Array =>
  draw({ shape: [n], domain: [-2, 2] }, 31 + salt) as Float64Array;
export const table = (m: number, n: number, salt = 0): Tensor =>
  shape.reshape(draw({ shape: [m, n], domain: [-2, 2] }, 77 + salt), [m, n]);
export const indices = (n: number, size: number): number[] =>
  Array.from(draw({ shape: [n], domain: [0, size] }, 5), Math.floor);

/** The most elements that anything has which is computed for the value and its gradients. */
export function widest(shapes: readonly (readonly number[])[], f: (...x: Tensor[]) => Tensor): number {
  const inputs = variables(shapes);
  const out = f(...inputs.map(wrap)).node;
  const nodes = topological([out, ...pullback([out], [scalar(1)], inputs).filter((g) => g !== undefined)]);
  const computed = nodes.filter((x) => !isConstant(x) && x.op.name !== "broadcast");
  return Math.max(...computed.map((x) => x.shape.reduce((n, d) => n * d, 1)));
}
