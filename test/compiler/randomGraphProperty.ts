/** The property that random graphs are tested for, in the suite and, with many more cases, in test/long. */
import { expect } from "vitest";
import { grad, jvp } from "../../src/autodiff/grad.ts";
import { pullback } from "../../src/autodiff/reverse.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { constantNode, inputNode, scalar } from "../../src/compiler/node.ts";
import { NotCompilable } from "../../src/compiler/placement.ts";
import { dot } from "../../src/tensor/linalg.ts";
import { fromData, type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { draw } from "../ops/draw.ts";
import { difference, runCompiled, within } from "../ops/engines.ts";
import { buildGraph, type GraphCase, inputValues, objective } from "./randomGraph.ts";

const agreement = (expected: ArrayLike<number>) => {
  const largest = Math.max(1, ...Array.from(expected, Math.abs));
  return within(() => 1e-10 * largest);
};

/**
 * Values and gradients of one case by the compiled program, by the interpreter on the simplified graph and on the original
 * one, and by eager arithmetic, which knows no algebra; and the tangent by forward mode.
 */
export function enginesAgree(graph: GraphCase): void {
  const values = inputValues(graph);
  const inputs = graph.inputShapes.map((shape, i) => inputNode(shape, "float64", `x${i}`));
  const outputs = buildGraph(graph, inputs.map(wrap));
  const total = objective(outputs).node;
  const gradients = pullback([total], [scalar(1)], inputs);
  const wanted = [...outputs.map((x) => x.node), total, ...gradients.filter((g) => g !== undefined)];

  const run = runCompiled(wanted, inputs, values);
  if (run instanceof NotCompilable) throw run;
  const original = interpret(wanted, inputs, values);
  interpret(run.outputs, inputs, values).forEach((x, k) => {
    expect(difference(run.values[k]!, x, agreement(x)), `output ${k}: compiled against interpreted`).toBeUndefined();
    expect(
      difference(run.values[k]!, original[k]!, agreement(x)),
      `output ${k}: compiled against original`,
    ).toBeUndefined();
  });

  const point = values.map((x, i) => fromData(x, graph.inputShapes[i]!));
  buildGraph(graph, point).forEach((x, k) => {
    expect(
      difference(run.values[k]!, x.data, agreement(x.data)),
      `output ${k}: compiled against eager`,
    ).toBeUndefined();
  });
  const f = (xs: readonly Tensor[]): Tensor => objective(buildGraph(graph, xs));
  const eager = grad(f)(point);
  let next = outputs.length + 1;
  gradients.forEach((g, i) => {
    const expected = g === undefined ? new Float64Array(eager[i]!.size) : run.values[next++]!;
    expect(
      difference(eager[i]!.data, expected, agreement(expected)),
      `gradient ${i}: eager against compiled`,
    ).toBeUndefined();
  });
  const directions = point.map((x, i) =>
    wrap(constantNode(draw({ shape: x.shape, domain: [-1, 1] }, graph.seed + 99, i), x.shape, "float64")),
  );
  const forward = jvp(f, point, directions).tangent.item();
  const reverse = eager
    .map((g, i) => dot(g.reshape([g.size]), directions[i]!.reshape([g.size])).item())
    .reduce((a, b) => a + b);
  expect(Math.abs(forward - reverse), `${forward} forward, ${reverse} reverse`).toBeLessThanOrEqual(
    1e-10 * (1 + Math.abs(forward)),
  );
}
