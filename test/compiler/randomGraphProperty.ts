/** The property that random graphs are tested for, in the suite and, with many more cases, in test/long. */
import { expect } from "vitest";
import { grad, jvp } from "../../src/autodiff/grad.ts";
import { pullback } from "../../src/autodiff/reverse.ts";
import type { Node, TypedArray } from "../../src/compiler/graph.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { constantNode, inputNode, scalar } from "../../src/compiler/node.ts";
import { allPasses, type Passes, withPasses } from "../../src/compiler/passes.ts";
import { NotCompilable } from "../../src/compiler/placement.ts";
import { broadcastTo } from "../../src/ops/map.ts";
import { probabilitySpace } from "../../src/ops/probabilitySpace.ts";
import { rewriteDensity } from "../../src/ops/rewriteDensity.ts";
import { rollRows } from "../../src/ops/rollRows.ts";
import { dot } from "../../src/tensor/linalg.ts";
import { fromData, type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { draw } from "../ops/draw.ts";
import { difference, type Run, runCompiled, within } from "../ops/engines.ts";
import { sizeOf } from "../ops/grid.ts";
import { buildGraph, data, type GraphCase, inputValues, objective } from "./randomGraph.ts";

const agreement = (expected: ArrayLike<number>) => {
  const largest = Math.max(1, ...Array.from(expected, Math.abs));
  return within(() => 1e-10 * largest);
};

const noPasses = Object.fromEntries(Object.keys(allPasses).map((name) => [name, false])) as Partial<Passes>;

function compiled(outputs: readonly Node[], inputs: readonly Node[], values: readonly TypedArray[]): Run {
  const run = runCompiled(outputs, inputs, values);
  if (run instanceof NotCompilable) throw run;
  return run;
}

const flat = (arrays: readonly TypedArray[]): Float64Array => Float64Array.from(arrays.flatMap((x) => Array.from(x)));

/**
 * A graph's objective as a log density: rewritten as a whole, then differentiated. Value and gradient, end to end; undefined
 * when there was nothing to rewrite.
 */
function asDensity(total: Node, variables: readonly Node[], values: readonly TypedArray[]): Float64Array | undefined {
  const rewritten = rewriteDensity(total, variables, rollRows);
  if (rewritten.total === total) return undefined;
  const all = flat(values);
  let at = 0;
  const points = rewritten.inputs.map((x) => {
    at += sizeOf(x.shape);
    return all.slice(at - sizeOf(x.shape), at);
  });
  const gradients = pullback([rewritten.total], [scalar(1)], rewritten.inputs).map(
    (g, i) => g ?? broadcastTo(scalar(0), rewritten.inputs[i]!.shape),
  );
  return flat(compiled([rewritten.total, ...gradients], rewritten.inputs, points).values);
}

/**
 * Values and gradients of one case by the compiled program, by the program with every pass off, by the interpreter on the
 * simplified graph and on the original one, and by eager arithmetic, which knows no algebra; by the program of the objective as
 * a log density; and the tangent by forward mode.
 */
export function enginesAgree(graph: GraphCase): void {
  const values = inputValues(graph);
  const inputs = graph.inputShapes.map((shape, i) => inputNode(shape, "float64", `x${i}`));
  const trace = () => {
    const outputs = buildGraph(graph, inputs.map(wrap));
    const total = objective(outputs).node;
    const gradients = pullback([total], [scalar(1)], inputs);
    return {
      outputs,
      total,
      gradients,
      wanted: [...outputs.map((x) => x.node), total, ...gradients.filter((g) => g !== undefined)],
    };
  };
  const { outputs, total, gradients, wanted } = trace();

  const run = compiled(wanted, inputs, values);
  const original = interpret(wanted, inputs, values);
  interpret(run.outputs, inputs, values).forEach((x, k) => {
    expect(difference(run.values[k]!, x, agreement(x)), `output ${k}: compiled against interpreted`).toBeUndefined();
    expect(
      difference(run.values[k]!, original[k]!, agreement(x)),
      `output ${k}: compiled against original`,
    ).toBeUndefined();
  });

  const plain = withPasses(noPasses, () => {
    const { outputs, total, gradients } = trace();
    const zeros = gradients.map((g, i) => g ?? broadcastTo(scalar(0), inputs[i]!.shape));
    return compiled([...outputs.map((x) => x.node), total, ...zeros], inputs, values).values;
  });
  let of = outputs.length + 1;
  [...outputs, total].forEach((_, k) => {
    expect(
      difference(run.values[k]!, plain[k]!, agreement(plain[k]!)),
      `output ${k}: with passes against without`,
    ).toBeUndefined();
  });
  gradients.forEach((g, i) => {
    const expected = plain[outputs.length + 1 + i]!;
    const actual = g === undefined ? new Float64Array(expected.length) : run.values[of++]!;
    expect(
      difference(actual, expected, agreement(expected)),
      `gradient ${i}: with passes against without`,
    ).toBeUndefined();
  });
  const expected = flat(plain.slice(outputs.length));
  const density = asDensity(total, inputs, values) ?? expected;
  expect(difference(density, expected, agreement(expected)), "as a log density").toBeUndefined();

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

/** Second derivatives, as a gradient of a function of the gradient: by the program with every pass against that with none. */
export function secondDerivativesAgree(graph: GraphCase): void {
  const values = inputValues(graph);
  const inputs = graph.inputShapes.map((shape, i) => inputNode(shape, "float64", `x${i}`));
  const run = (): readonly TypedArray[] => {
    const [total] = probabilitySpace([objective(buildGraph(graph, inputs.map(wrap))).node]) as [Node];
    const slopes = pullback([total], [scalar(1)], inputs).filter((g) => g !== undefined);
    const mixed = slopes
      .map((g, i) =>
        wrap(g)
          .square()
          .mul(0.5)
          .add(wrap(g).mul(data(g.shape, i)))
          .sum(),
      )
      .reduce((a, b) => a.add(b), wrap(total)).node;
    const curvature = pullback([mixed], [scalar(1)], inputs).map(
      (g, i) => g ?? broadcastTo(scalar(0), inputs[i]!.shape),
    );
    return compiled([mixed, ...curvature], inputs, values).values;
  };
  const plain = withPasses(noPasses, run);
  run().forEach((x, k) => {
    expect(difference(x, plain[k]!, agreement(plain[k]!)), `output ${k}: with passes against without`).toBeUndefined();
  });
}
