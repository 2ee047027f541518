/** A function of tensors, run by every engine at given or random values. */
import { expect } from "vitest";
import { type Compiled, compile } from "../../src/compiler/compile.ts";
import type { DType, Node, TypedArray } from "../../src/compiler/graph.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { instantiate } from "../../src/compiler/program.ts";
import { allSteps } from "../../src/compiler/steps.ts";
import { fromData, type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { draw } from "../ops/draw.ts";
import { difference, within } from "../ops/engines.ts";

export interface Checked {
  readonly compiled: Compiled;
  readonly inputs: readonly Node[];
  readonly values: readonly TypedArray[];
  readonly results: readonly Float64Array[];
}

export const variables = (shapes: readonly (readonly number[])[], dtype: DType = "float64"): Node[] =>
  shapes.map((shape, i) => inputNode(shape, dtype, `x${i}`));

/**
 * Compiles and runs `f`, and demands that every output is what the interpreter gives, and what eager arithmetic gives, which
 * knows no algebra (derivatives inside `f`, which have no values to depend on there, are not compared).
 */
export function check(
  shapes: readonly (readonly number[])[],
  f: (...x: Tensor[]) => Tensor | readonly Tensor[],
  given?: readonly (readonly number[])[],
): Checked {
  const inputs = variables(shapes);
  const run = (x: readonly Tensor[]): readonly Tensor[] => {
    const made = f(...x);
    return Array.isArray(made) ? (made as readonly Tensor[]) : [made as Tensor];
  };
  const outputs = run(inputs.map(wrap)).map((x) => x.node);
  const values = shapes.map((shape, i) =>
    given ? Float64Array.from(given[i]!) : draw({ shape, domain: [-1.5, 1.5] }, 17, i),
  );
  const compiled = compile(outputs, inputs);
  const instance = instantiate(compiled.program);
  values.forEach((x, i) => instance.inputs[i]!.set(x));
  instance.run();
  const results = instance.outputs.map((x) => x.slice());
  const agrees = (expected: TypedArray, k: number, engine: string): void => {
    const largest = Math.max(1, ...Array.from(expected, Math.abs).filter(Number.isFinite));
    const found = difference(
      results[k]!,
      expected,
      within(() => 1e-12 * largest),
    );
    expect(found, `output ${k}, compiled against ${engine}`).toBeUndefined();
  };
  interpret(outputs, inputs, values).forEach((x, k) => agrees(x, k, "interpreted"));
  run(values.map((x, i) => fromData(x, shapes[i]!))).forEach((x, k) => agrees(x.data, k, "eager"));
  return { compiled, inputs, values, results };
}

/** Names of the operations that a program computes at run time, in order. */
export const computed = ({ compiled }: Checked): string[] =>
  allSteps(compiled.schedule).flatMap((step) =>
    step.kind === "nest" ? step.members.map((node) => node.op.name) : step.kind === "call" ? [step.node.op.name] : [],
  );
