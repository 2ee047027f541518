/** Equal elements of data are evaluated once. */
import { describe, expect, test } from "vitest";
import { pullback } from "../../src/autodiff/reverse.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { inputNode, scalar } from "../../src/compiler/node.ts";
import { withPasses } from "../../src/compiler/passes.ts";
import { simplify, topological } from "../../src/compiler/simplify.ts";
import { tensor } from "../../src/tensor/create.ts";
import * as math from "../../src/tensor/math.ts";
import { cumsum } from "../../src/tensor/reduce.ts";
import { expandDims, reshape } from "../../src/tensor/shape.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { difference, runCompiled, within } from "./engines.ts";
import { sameBits } from "./grid.ts";

const grid = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
/** Squared distances of n points on a grid: n different ones. */
const distances = (n: number): Tensor => math.square(expandDims(tensor(grid(n)), 1).sub(grid(n)));
/** No two are equal. */
const scattered = (n: number): Tensor =>
  reshape(tensor(Array.from({ length: n * n }, (_, i) => ((i * 7919) % 10007) / 10007)), [n, n]);

type Density = (a: Tensor, b: Tensor) => Tensor;
const traced = (f: Density) => {
  const inputs = [inputNode([], "float64", "a"), inputNode([], "float64", "b")];
  const out = f(wrap(inputs[0]!), wrap(inputs[1]!)).node;
  const gradients = pullback([out.shape.length ? math.square(wrap(out)).sum().node : out], [scalar(1)], inputs);
  return { inputs, outputs: [out, ...gradients.map((g) => g ?? scalar(0))] };
};
/** Elements that the operation is evaluated at in the compiled graph. */
function evaluated(f: Density, op: string): number {
  const { inputs, outputs } = traced(f);
  const nodes = topological(simplify(outputs, inputs)).filter((x) => x.op.name === op);
  return nodes.reduce((n, x) => n + x.shape.reduce((a, b) => a * b, 1), 0);
}
/** Values have the bits of the program without the pass and of the interpreter; gradients are sums, whose order may differ. */
function agrees(f: Density, points: readonly (readonly [number, number])[]): void {
  for (const [a, b] of points) {
    const values = [Float64Array.of(a), Float64Array.of(b)];
    const engine = (isOn: boolean) =>
      withPasses({ distinct: isOn }, () => {
        const { inputs, outputs } = traced(f);
        const run = runCompiled(outputs, inputs, values);
        if (run instanceof Error) throw run;
        return { compiled: run.values, interpreted: interpret(outputs, inputs, values) };
      });
    const [on, off] = [engine(true), engine(false)];
    const close = within((_i, b) => 1e-13 * Math.abs(b));
    on.compiled.forEach((x, k) => {
      for (const other of [off.compiled[k]!, off.interpreted[k]!]) {
        expect(difference(x, other, k === 0 ? sameBits : close), `output ${k} at ${a}, ${b}`).toBeUndefined();
      }
    });
  }
}
const points = [
  [0.7, 1.3],
  [-2, 0.01],
  [Number.NaN, 1],
  [Number.POSITIVE_INFINITY, 2],
] as const;

describe("data with few different values", () => {
  test.each<[string, Density, string, number]>([
    ["a squared exponential kernel", (a, b) => math.exp(distances(11).mul(a)).mul(b), "exp", 11],
    ["one of odd size, with two scales", (a, b) => math.exp(distances(13).mul(a).add(b)), "exp", 13],
    [
      "a Matérn kernel",
      (a, b) => {
        const r = math.sqrt(distances(12)).mul(math.square(a));
        return r.add(1).mul(math.exp(r.neg())).mul(b);
      },
      "exp",
      12,
    ],
    [
      "a rational quadratic kernel, a function of a function",
      (a, b) => math.exp(math.log1p(distances(12).mul(math.square(a))).mul(b)),
      "log1p",
      12,
    ],
    [
      "two tables",
      (a, b) =>
        math.exp(
          distances(8)
            .mul(a)
            .add(tensor([0, 1, 0, 1, 0, 1, 0, 1]).mul(b)),
        ),
      "exp",
      16,
    ],
    ["a power", (a, b) => math.pow(distances(10).add(1), a).mul(b), "pow", 10],
    [
      "zeros of both signs and NaN are different",
      (a) => math.exp(tensor(Array.from({ length: 40 }, (_, i) => [0, -0, Number.NaN][i % 3]!)).mul(a)),
      "exp",
      3,
    ],
  ])("%s", (_name, f, op, count) => {
    expect(evaluated(f, op)).toBe(count);
    agrees(f, points);
  });

  test("is evaluated everywhere when the pass is off", () => {
    expect(withPasses({ distinct: false }, () => evaluated((a) => math.exp(distances(11).mul(a)), "exp"))).toBe(121);
  });
});

describe("is left alone", () => {
  test.each<[string, Density, number]>([
    ["when most values differ", (a) => math.exp(scattered(11).mul(a)), 121],
    ["when a quarter and one differ", (a) => math.exp(tensor(Array.from({ length: 40 }, (_, i) => i % 11)).mul(a)), 40],
    ["when there are few elements", (a) => math.exp(distances(5).mul(a)), 25],
    [
      "when something that varies is not data",
      (a, b) =>
        math.exp(
          distances(11)
            .mul(a)
            .add(cumsum(b.mul(grid(11)), 0)),
        ),
      121,
    ],
  ])("%s", (_name, f, count) => {
    expect(evaluated(f, "exp")).toBe(count);
    agrees(f, points);
  });
});
