import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grad, jvp, vjp } from "../../src/autodiff/grad.ts";
import { dot } from "../../src/tensor/linalg.ts";
import { reshape } from "../../src/tensor/shape.ts";
import { fromData, type Tensor } from "../../src/tensor/tensor.ts";
import { draw, dtypeOf, seeds } from "./draw.ts";
import { type Example, records } from "./records.ts";
import { runs } from "./runs.ts";

/** A derivative by central differences, extrapolated twice (Richardson). */
function difference(f: (t: number) => number, step: number = 2 ** -7): number {
  const central = (h: number): number => (f(h) - f(-h)) / (2 * h);
  const [a, b, c] = [central(step), central(step / 2), central(step / 4)];
  const [ab, bc] = [(4 * b - a) / 3, (4 * c - b) / 3];
  return (16 * bc - ab) / 15;
}

const flat = (x: Tensor): Tensor => reshape(x, [x.size]);
const inner = (a: readonly Tensor[], b: readonly Tensor[]): Tensor =>
  a.map((x, i) => dot(flat(x), flat(b[i]!))).reduce((s, t) => s.add(t));

/** An example at a random point as a function of its differentiable arguments, with random directions. */
function setting(example: Example, seed: number) {
  const point = example.inputs.map((x, i) => fromData(draw(x, seed, i), x.shape, dtypeOf(x)));
  const moving = point.flatMap((x, i) => (x.dtype === "float64" ? [i] : []));
  const apply = (xs: readonly Tensor[]): Tensor =>
    example.apply(...point.map((x, i) => (moving.includes(i) ? xs[moving.indexOf(i)]! : x)));
  const x = moving.map((i) => point[i]!);
  const direction = (salt: number): Tensor[] =>
    x.map((t, i) => fromData(draw({ shape: t.shape, domain: [-1, 1] }, seed + salt, i), t.shape));
  const output = apply(x);
  const cotangent = fromData(draw({ shape: output.shape, domain: [-1, 1] }, seed + 5), output.shape);
  const along = (v: readonly Tensor[], t: number): Tensor[] => x.map((p, i) => p.add(v[i]!.mul(t)));
  const size = x.reduce((n, p) => n + p.size, 1);
  return { x, apply, direction, cotangent, along, size };
}
const near = (actual: number, expected: number, scale: number): void => {
  expect(Math.abs(actual - expected), `${actual} against ${expected}`).toBeLessThanOrEqual(
    1e-7 * scale + 1e-7 * Math.abs(expected),
  );
};

describe("forward and reverse mode agree with each other and with finite differences", () => {
  for (const { name, examples, order } of records) {
    if (order === 0) continue;
    test(name, () => {
      fc.assert(
        fc.property(examples, seeds, (example, seed) => {
          const { x, apply, direction, cotangent, along, size } = setting(example, seed);
          // The mean or logsumexp of nothing has no derivative.
          fc.pre(apply(x).data.every(Number.isFinite));
          const v = direction(11);
          const forward = jvp(apply, x, v);
          const reverse = vjp(apply, x).pullback(cotangent);
          expect(forward.tangent.shape).toEqual(forward.value.shape);
          reverse.forEach((g, i) => expect(g.shape).toEqual(x[i]!.shape));
          const left = inner([forward.tangent], [cotangent]).item();
          const right = inner(reverse, v).item();
          expect(Math.abs(left - right), `${left} forward, ${right} reverse`).toBeLessThanOrEqual(
            1e-11 * (size + Math.abs(left)),
          );
          near(
            right,
            difference((t) => inner([apply(along(v, t))], [cotangent]).item()),
            size,
          );
        }),
        runs(12),
      );
    });
  }
});

describe("second derivatives, forward over reverse and reverse over reverse, agree with finite differences", () => {
  for (const { name, examples, order } of records) {
    if (order < 2) continue;
    test(name, () => {
      fc.assert(
        fc.property(examples, seeds, (example, seed) => {
          const { x, apply, direction, cotangent, along, size } = setting(example, seed);
          fc.pre(apply(x).data.every(Number.isFinite));
          const [v, w] = [direction(11), direction(23)];
          const gradient = grad((y: readonly Tensor[]) => inner([apply(y)], [cotangent]));
          const slope = (y: readonly Tensor[]): Tensor => inner(gradient(y), v);
          const forward = jvp(slope, x, w).tangent.item();
          const reverse = inner(grad(slope)(x), w).item();
          expect(Math.abs(forward - reverse), `${forward} forward, ${reverse} reverse`).toBeLessThanOrEqual(
            1e-10 * (size + Math.abs(forward)),
          );
          near(
            reverse,
            difference((t) => slope(along(w, t)).item()),
            size,
          );
        }),
        runs(6),
      );
    });
  }
});
