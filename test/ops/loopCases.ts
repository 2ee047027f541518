/** Functions with loops and branches inside, as the tests run them: of one tensor, to one number. */

import { scan, whileLoop } from "../../src/tensor/control.ts";
import { cond, switchCase } from "../../src/tensor/controlBranch.ts";
import { cholesky, matmul } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import { logsumexp } from "../../src/tensor/reduce.ts";
import { concat, stack } from "../../src/tensor/shape.ts";
import { fromData, type Tensor } from "../../src/tensor/tensor.ts";

export interface LoopCase {
  readonly name: string;
  readonly shape: readonly number[];
  readonly f: (x: Tensor) => Tensor;
  /** Where it is run. */
  readonly at: readonly number[];
}

const series = (n: number): Tensor =>
  fromData(
    Float64Array.from({ length: n }, (_, i) => ((i * i * 0.37) % 2) - 0.9),
    [n],
  );

export const loopCases: readonly LoopCase[] = [
  {
    name: "a recurrence with closures, results and data",
    shape: [3],
    at: [0.3, 0.5, -0.4],
    f: (x) => {
      const [a, b, c] = [x.at(0), x.at(1), x.at(2)];
      const { carry, ys } = scan(
        (v, y) => {
          const next = a.add(math.square(y.sub(c)).mul(b)).add(v.mul(0.7));
          return [next, next.log()];
        },
        1.3,
        series(9),
      );
      return ys.sum().add(carry);
    },
  },
  {
    name: "backwards",
    shape: [5],
    at: [0.3, 0.5, -0.4, 1.1, 0.2],
    f: (x) => {
      const { carry, ys } = scan((v, y) => [v.mul(y).add(math.sin(v)), v.mul(y)], x.at(1), x, { reverse: true });
      return ys.mul([1, -2, 3, -4, 5]).sum().add(carry.square());
    },
  },
  {
    name: "several values of several shapes, one of them unchanged",
    shape: [4],
    at: [0.3, 0.5, -0.4, 0.8],
    f: (x) => {
      const { carry, ys } = scan(
        ({ p, q, fixed }, { u, w }) => {
          const next = math.tanh(p.mul(u).add(w)).add(fixed);
          return {
            carry: { p: next, q: q.add(next.sum()), fixed },
            y: [q, next] as const,
          };
        },
        { p: x.slice([0], [3]), q: 0, fixed: x.at(3) },
        { u: x.mul(0.5).slice([0], [4]), w: series(12).reshape([4, 3]) },
      );
      return ys[0].mul(ys[1].sum(1)).sum().add(carry.q).add(carry.p.square().sum()).add(carry.fixed);
    },
  },
  {
    name: "a forward algorithm in logarithms",
    shape: [4],
    at: [0.3, 0.5, -0.4, 1.8],
    f: (x) => {
      const transition = x.reshape([2, 2]).sub(logsumexp(x.reshape([2, 2]), 1, { keepDims: true }));
      const mu = x.slice([0], [2]);
      const { carry } = scan(
        (alpha, y) => [logsumexp(alpha.expandDims(1).add(transition), 0).sub(math.square(y.sub(mu)).mul(0.5))],
        [0, 0],
        series(8),
      );
      return logsumexp(carry);
    },
  },
  {
    name: "matrices",
    shape: [3, 3],
    at: [0.3, 0.5, -0.4, 0.8, -0.2, 0.1, 0.4, -0.6, 0.2],
    f: (x) => {
      const { carry, ys } = scan(
        (p, y) => {
          const next = matmul(matmul(x, p), x.T).add([
            [1, 0.2, 0],
            [0.2, 1, 0],
            [0, 0, 1],
          ]);
          return [next, matmul(next, y).mul(y).sum()];
        },
        [
          [1, 0, 0],
          [0, 2, 0],
          [0, 0, 1],
        ],
        series(15).reshape([5, 3]),
      );
      return ys.sum().add(carry.sum());
    },
  },
  {
    name: "a kernel in every step",
    shape: [2],
    at: [0.3, 0.5],
    f: (x) => {
      const { carry, ys } = scan(
        (p, y) => {
          const l = cholesky(
            p.add([
              [1.5, 0.1],
              [0.1, 1.2],
            ]),
          );
          const next = matmul(l, l.T).mul(x.at(0)).add(y.square());
          return [next, l.sum()];
        },
        [
          [1, 0],
          [0, 1],
        ],
        series(4),
      );
      return ys.sum().add(carry.mul(x.at(1)).sum());
    },
  },
  {
    name: "wide rows",
    shape: [70],
    at: Array.from({ length: 70 }, (_, i) => ((i * 0.37) % 1) - 0.5),
    f: (x) => {
      const { carry, ys } = scan((v, y) => [v.mul(y).add(x), v.mul(y).sum()], x, series(210).reshape([3, 70]));
      return ys.square().sum().add(carry.sum());
    },
  },
  {
    name: "loops in a loop",
    shape: [3],
    at: [0.3, 0.5, -0.4],
    f: (x) =>
      scan(
        (v, row) => {
          const inner = scan((u, y) => [u.mul(x.at(0)).add(math.sin(y.mul(v)))], v, row);
          return [inner.carry, inner.carry.square()];
        },
        x.at(1),
        series(12).reshape([4, 3]).mul(x.at(2)),
      ).ys.sum(),
  },
  {
    name: "a branch in a loop, a loop in a branch",
    shape: [2],
    at: [0.7, 0.5],
    f: (x) =>
      scan(
        (v, y) => {
          const next = cond(
            math.greater(y, 0),
            (u) => scan((w, z) => [math.sin(w).add(z)], u, x).carry,
            (u) => math.exp(u.mul(-0.5)).sub(y),
            v,
          );
          return [next, next];
        },
        x.at(0),
        series(7),
      ).ys.sum(),
  },
  {
    name: "iterations to a fixed point",
    shape: [1],
    at: [2.7],
    f: (x) => {
      const a = x.at(0);
      return whileLoop(
        (r) => math.greater(math.abs(r.square().sub(a)), 1e-13),
        (r) => r.add(math.div(a, r)).div(2),
        1,
        { maxSteps: 30 },
      );
    },
  },
  {
    name: "iterations with several values and a counter",
    shape: [2],
    at: [0.7, 0.3],
    f: (x) => {
      const { z, n } = whileLoop(
        ({ n }) => math.less(n, 6),
        ({ z, n }) => ({ z: math.sin(z.mul(x)).add(n.mul(0.1)), n: n.add(1) }),
        { z: [1, 2], n: 0 },
        { maxSteps: 10 },
      );
      return z.square().sum().add(n);
    },
  },
  {
    name: "a truth value carried",
    shape: [1],
    at: [0.7],
    f: (x) =>
      scan(
        ({ above, total }, y) => {
          const next = math.where(above, total.mul(x.at(0)), total.add(x.at(0).square()));
          return [{ above: math.greater(next, y), total: next }, next];
        },
        { above: false, total: x.at(0) },
        series(8),
      ).ys.sum(),
  },
  {
    name: "one of several functions",
    shape: [2],
    at: [1.2, 0.4],
    f: (x) => {
      const pick = (k: Tensor): Tensor =>
        switchCase(
          k,
          [
            (y: Tensor, z: Tensor) => y.mul(z).sum(),
            (y: Tensor) => scan((c, v) => [c.mul(v)], 1, y.add(series(3))).carry,
            (y: Tensor, z: Tensor) => matmul(y.expandDims(1), z.expandDims(0)).sum(),
          ],
          x.slice([0], [1]),
          x.slice([1], [2]),
        );
      return pick(math.floor(x.at(0)))
        .add(pick(math.floor(x.at(1)).add(7)))
        .add(pick(math.floor(x.at(1))));
    },
  },
  {
    name: "pieces joined and taken apart",
    shape: [3],
    at: [0.3, 0.5, -0.4],
    f: (x) => {
      const { ys } = scan(
        (v, y) => {
          const next = concat([v.slice([1], [3]), stack([math.sin(v.at(0)).add(y.mul(x.at(0)))])]);
          return [next, math.maximum(next.at(1), next.at(2))];
        },
        x,
        series(6),
      );
      return ys.mul([1, 2, 3, 4, 5, 6]).sum();
    },
  },
];
