/** Running a graph in both engines, and comparing what they give. */
import { compile } from "../../src/compiler/compile.ts";
import type { Node, TypedArray } from "../../src/compiler/graph.ts";
import { NotCompilable } from "../../src/compiler/placement.ts";
import { instantiate } from "../../src/compiler/program.ts";

export interface Run {
  readonly values: readonly Float64Array[];
  /** The graph that was compiled, after simplification. */
  readonly outputs: readonly Node[];
}

/** Outputs of the compiled program, or the reason why there is none. */
export function runCompiled(
  outputs: readonly Node[],
  inputs: readonly Node[],
  values: readonly TypedArray[],
): Run | NotCompilable {
  let compiled: ReturnType<typeof compile>;
  try {
    compiled = compile(outputs, inputs);
  } catch (error) {
    if (error instanceof NotCompilable) return error;
    throw error;
  }
  const instance = instantiate(compiled.program);
  values.forEach((x, i) => instance.inputs[i]!.set(x));
  // Twice: what a first run leaves in memory must not matter to a second.
  instance.run();
  const first = instance.outputs.map((x) => x.slice());
  instance.run();
  instance.outputs.forEach((x, k) => {
    const at = x.findIndex((y, i) => !Object.is(y, first[k]![i]));
    if (at >= 0)
      throw new Error(`output ${k} element ${at} is ${x[at]} in the second run, ${first[k]![at]} in the first`);
  });
  return { values: first, outputs: compiled.outputs };
}

/** First element at which two arrays differ, as a message; undefined when they agree. */
export function difference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  agree: (a: number, b: number, i: number) => boolean,
): string | undefined {
  if (actual.length !== expected.length) return `length ${actual.length}, not ${expected.length}`;
  for (let i = 0; i < actual.length; i++) {
    if (!agree(actual[i]!, expected[i]!, i)) {
      return `element ${i} is ${Object.is(actual[i], -0) ? "-0" : actual[i]}, not ${Object.is(expected[i], -0) ? "-0" : expected[i]}`;
    }
  }
  return undefined;
}

/** Agreement within a tolerance; infinities and NaN must be the same. */
export const within =
  (tolerance: (i: number, b: number) => number) =>
  (a: number, b: number, i: number): boolean =>
    Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance(i, b);
