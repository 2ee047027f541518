/**
 * Random well-typed graphs. A case is a list of numbers; each step reads some of them and applies an operation that fits the
 * tensors made so far, so every case is valid, shrinks, and can be built over variables or over values.
 */
import fc from "fast-check";
import { scan } from "../../src/tensor/control.ts";
import { tensor } from "../../src/tensor/create.ts";
import { centredLogDensity } from "../../src/tensor/gaussian.ts";
import { cholesky, diagonal, logdet, matmul, solveTriangular, tril } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import * as reduce from "../../src/tensor/reduce.ts";
import * as shapes from "../../src/tensor/shape.ts";
import { fromData, type Tensor } from "../../src/tensor/tensor.ts";
import { draw } from "../ops/draw.ts";
import { sizeOf } from "../ops/grid.ts";

/** One step: which operation, on which tensors, with which details. */
export type Step = readonly [operation: number, first: number, second: number, detail: number];
export interface GraphCase {
  readonly inputShapes: readonly (readonly number[])[];
  readonly steps: readonly Step[];
  readonly outputs: readonly number[];
  readonly seed: number;
}

const side = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 17, 40);
const rows = fc.oneof(fc.integer({ min: 100, max: 600 }), fc.constantFrom(127, 128, 129, 255, 256, 257, 384, 513));

const inputsOf = (shapes: readonly (readonly number[])[]): fc.Arbitrary<(readonly number[])[]> =>
  fc.array(fc.constantFrom(...shapes), { minLength: 1, maxLength: 3 });
const graphsOver = (
  inputShapes: fc.Arbitrary<(readonly number[])[]>,
  length: number,
  operation: fc.Arbitrary<number> = fc.nat(1e6),
): fc.Arbitrary<GraphCase> =>
  fc.record({
    inputShapes,
    steps: fc.array(fc.tuple(operation, fc.nat(1e6), fc.nat(1e6), fc.nat(1e6)), { minLength: 1, maxLength: length }),
    outputs: fc.array(fc.nat(1e6), { minLength: 1, maxLength: 3 }),
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
  });
/** Graphs over small tensors of many shapes. */
export const graphCases = (length = 15): fc.Arbitrary<GraphCase> =>
  graphsOver(
    fc
      .tuple(side, side, side)
      .chain(([m, n, k]) => inputsOf([[], [n], [m], [n, m], [m, 1], [1, n], [m, n], [k, m, n], [131]])),
    length,
  );
/** Graphs over hundreds of rows and over the few parameters that rows share; every other operation is one that passes look for. */
export const longGraphCases = (length = 10): fc.Arbitrary<GraphCase> =>
  graphsOver(
    fc.tuple(rows, side).chain(([n, k]) => inputsOf([[n], [n], [n, 2], [3, n], [1, n], [k], []])),
    length,
    fc.oneof(fc.nat(1e6), fc.integer({ min: operations.length - passOperations.length, max: operations.length - 1 })),
  );

export const inputValues = ({ inputShapes, seed }: GraphCase): Float64Array[] =>
  inputShapes.map((shape, i) => draw({ shape, domain: [-1.5, 1.5] }, seed, i) as Float64Array);

const largestSize = 3000;
type Apply = (a: Tensor, b: Tensor, k: number) => Tensor | undefined;

/** Numbers of order one, the same for the same `k`. */
export const data = (shape: readonly number[], k: number): Tensor =>
  fromData(draw({ shape, domain: [-1, 1] }, k + 1), shape);
const together = (a: Tensor, b: Tensor): boolean => {
  const rank = Math.max(a.rank, b.rank);
  const sides = Array.from(
    { length: rank },
    (_, d) => [a.shape[d - rank + a.rank] ?? 1, b.shape[d - rank + b.rank] ?? 1] as const,
  );
  return (
    sides.every(([m, n]) => m === n || m === 1 || n === 1) &&
    sides.reduce((size, [m, n]) => size * Math.max(m, n), 1) <= largestSize
  );
};
const paired =
  (f: (a: Tensor, b: Tensor, k: number) => Tensor): Apply =>
  (a, b, k) =>
    f(a, together(a, b) ? b : data(a.shape.slice(k % (a.rank + 1)), k), k);
const axisOf = (a: Tensor, k: number): number => k % a.rank;
const ranked =
  (f: (a: Tensor, axis: number, k: number) => Tensor | undefined): Apply =>
  (a, _b, k) =>
    a.rank === 0 ? undefined : f(a, axisOf(a, k), k >> 2);
const threshold = (k: number): number => 0.137 + (k % 7) / 9.1;
const matrix = (a: Tensor): Tensor => shapes.reshape(a, a.rank === 2 ? a.shape : [a.shape[0] ?? 1, -1]);
const definite = (a: Tensor): Tensor | undefined => {
  const m = matrix(a);
  const n = m.shape[0]!;
  if (n > 12 || m.size === 0) return undefined;
  return matmul(m, shapes.transpose(m))
    .div(m.shape[1]!)
    .add(fromData(draw({ shape: [n, n], domain: "definite" }, n), [n, n]));
};

/** Up to `most` numbers of a tensor, as a vector. */
const few = (a: Tensor, most: number): Tensor =>
  shapes.slice(shapes.reshape(a, [a.size]), [0], [Math.min(a.size, most)]);
const picks = (rows: number, size: number, k: number): number[] =>
  Array.from(draw({ shape: [rows], domain: [0, size] }, k + 1), Math.floor);
const longRows = (k: number): number => 100 + (k % 500);
/** A number of the tensor inside (−0.9, 0.9). */
const damping = (a: Tensor): Tensor => a.mean().tanh().mul(0.9);
/** Rows along the first axis, of one number each or of a few. */
const asRows = (a: Tensor): Tensor => (a.rank === 1 || (a.rank === 2 && a.shape[1]! < 5) ? a : few(a, 600));
const logDensityOfChain = (a: Tensor, states: number, k: number): Tensor => {
  const logits = shapes.reshape(data([states * states], k), [states, states]).mul(damping(a).add(1));
  const transition = logits.sub(reduce.logsumexp(logits, 1, { keepDims: true }));
  const means = data([states], k + 1).mul(2);
  const emission = shapes.expandDims(few(a, 300), 1).sub(means).square().mul(-0.5);
  const { carry } = scan(
    (alpha, row) => [reduce.logsumexp(alpha.expandDims(1).add(transition), 0).add(row)],
    fromData(new Float64Array(states), [states]),
    emission,
  );
  return reduce.logsumexp(carry as Tensor).div(Math.min(a.size, 300));
};

/** What loops over many rows are made of, and what the passes look for. */
const passOperations: readonly Apply[] = [
  // Loops.
  paired((a, b) => {
    const by = damping(b);
    return scan((c, x) => [c.mul(by).add(x), c], tensor(0.3), asRows(a).sum(asRows(a).rank === 2 ? 1 : []))
      .ys as Tensor;
  }),
  ranked((a, _axis, k) => {
    const x = asRows(a);
    const by = damping(a).square();
    const { carry, ys } = scan(
      (c, row) => {
        const next = row.square().mul(0.3).add(0.1).add(c.mul(by));
        return [next, row.square().div(next).add(next.log())];
      },
      fromData(new Float64Array(x.size / x.shape[0]!).fill(0.7), x.shape.slice(1)),
      x,
      { reverse: k % 3 === 0, checkpoint: k % 5 === 0 },
    );
    return (ys as Tensor).mean().add((carry as Tensor).mean());
  }),
  ranked(
    (a, _axis, k) =>
      scan((c, row) => [math.tanh(c.mul(0.8).add(row)), c.mul(row)], tensor(0.1), few(a, 400), {
        reverse: k % 2 === 0,
      }).ys as Tensor,
  ),
  ranked((a) => {
    const w = few(a, 2).mean().mul(0.5);
    const { carry, ys } = scan(
      ([level, slope], x) => {
        const next = level.add(slope).add(x.sub(level.add(slope)).mul(0.4));
        return [[next, slope.mul(w).add(next.sub(level).mul(0.2))] as const, next];
      },
      [tensor(0), tensor(0.1)] as const,
      few(a, 300),
    );
    return (ys as Tensor)
      .square()
      .mean()
      .add(carry[1] as Tensor)
      .tanh();
  }),
  ranked((a, _axis, k) => logDensityOfChain(a, 2 + (k % 2), k)),
  // Sums over rows.
  (a) => math.log(a.square().add(0.5)).sum().div(a.size),
  (a, _b, k) => math.log1p(a.square()).mul(data(a.shape, k).square()).sum().div(a.size),
  (a) => math.softplus(a).sum().div(a.size),
  (a) => math.exp(a.tanh()).sum().div(a.size),
  (a) => math.lgamma(a.square().add(1)).sum().div(a.size),
  ranked((a) => {
    const centred = a.sub(a.mean());
    return centred.div(math.sqrt(centred.square().mean().add(0.3)));
  }),
  (a) => math.logaddexp(a, a.max()).sub(math.softplus(a.mean())),
  (a, _b, k) => {
    const x = few(a, 12);
    const n = longRows(k);
    const eta = shapes.take(x, picks(n, x.size, k)).add(data([n], k).mul(x.mean()));
    return data([n], k + 1)
      .mul(eta)
      .sub(math.softplus(eta))
      .sum()
      .div(n);
  },
  (a, _b, k) => {
    const x = few(a, 12);
    const n = longRows(k);
    const group = picks(n, x.size, k);
    const covariate = picks(n, 3, k + 1);
    return math.exp(shapes.take(x, group).tanh().add(x.mean().tanh().mul(covariate))).mean();
  },
  (a, _b, k) => {
    const x = few(a, 5);
    const n = longRows(k);
    const eta = matmul(data([n, x.size], k), x);
    return math
      .log1p(math.exp(eta.neg()))
      .mean()
      .add(eta.square().mean())
      .add(
        eta
          .tanh()
          .mul(data([n], k))
          .mean(),
      );
  },
  ranked((a, _axis, k) => shapes.scatterAdd(picks(a.shape[0]!, 2 + (k % 9), k), a, 2 + (k % 9)).mul(4 / a.shape[0]!)),
  // Small tensors.
  ranked((a) => {
    const [p, q] = [few(a, 3), few(shapes.flip(shapes.reshape(a, [a.size]), 0), 3)];
    return shapes.concat([p, q, shapes.flip(p, 0).tanh(), q.mul(p.mean())], 0);
  }),
  (a, _b, k) => {
    const [p, q] = [a.mean(), math.sin(a).mean()];
    const m = shapes.reshape(
      shapes.stack([p, q.tanh(), p.mul(q), q.square(), math.softplus(p), q].slice(k % 2 ? 2 : 0)),
      [2, k % 2 ? 2 : 3],
    );
    return matmul(shapes.transpose(m), m).add(0.1);
  },
  (a, _b, k) => {
    const n = [7, 8, 9, 16, 17][k % 5]!;
    const x = few(a, n);
    return Array.from({ length: x.size }, (_, i) => {
      const eta = x.at(i).add(x.at((i * 3) % x.size).mul(0.1 * ((i * 7 + k) % 5)));
      return eta.mul((i + k) % 2).sub(math.softplus(eta));
    })
      .reduce((s, t) => s.add(t))
      .div(x.size);
  },
  (a, b) => {
    const s = definite(few(a, 5));
    const d = few(b, s?.shape[0] ?? 1);
    if (!s || d.size !== s.shape[0]) return undefined;
    // A known covariance is factored by itself.
    const joint = centredLogDensity(s, d) ?? solveTriangular(cholesky(s), d).square().sum().add(logdet(s)).mul(-0.5);
    return joint.div(d.size);
  },
];

/** Operations keep numbers of order one, so that errors do not grow and comparisons are far from their thresholds. */
const operations: readonly Apply[] = [
  (a) => a.tanh(),
  (a) => a.sigmoid(),
  (a) => math.softplus(a),
  (a) => math.sin(a),
  (a) => math.cos(a).square(),
  (a) => math.exp(a.tanh()),
  (a) => math.log(a.square().add(0.5)),
  (a) => math.log1p(a.square()),
  (a) => math.sqrt(a.square().add(0.25)),
  (a) => a.square().add(1).neg().exp().neg(),
  (a) => math.lgamma(a.square().add(0.5)),
  (a, _b, k) => a.mul((k % 9) / 4 - 1).add((k % 5) / 2 - 1),
  (a, _b, k) => math.pow(a, (k % 5) - 0).tanh(),
  paired((a, b) => a.add(b)),
  paired((a, b) => a.sub(b)),
  paired((a, b) => a.mul(b)),
  paired((a, b) => a.div(b.square().add(1))),
  paired((a, b) => a.tanh().mul(b.tanh())),
  paired((a, b) => math.logaddexp(a, b)),
  paired((a, b, k) => math.where(math.greater(a, threshold(k)), b, a.neg())),
  paired((a, b, k) => math.mul(math.less(a, threshold(k)), b)),
  paired((a, b, k) =>
    math.where(math.logicalOr(math.less(a, threshold(k)), math.lessEqual(b, threshold(k + 1))), a, 0.5),
  ),
  (a, _b, k) => math.clip(a, -threshold(k), threshold(k)),
  (a) => a.sum().tanh(),
  (a) => reduce.mean(a),
  ranked((a, axis) => reduce.mean(a, axis)),
  ranked((a, axis, k) => a.sum(axis, { keepDims: k % 2 === 0 }).div(a.shape[axis]!)),
  ranked((a, axis) => reduce.logsumexp(a, axis)),
  ranked((a, axis) => math.sin(a).max(axis)),
  ranked((a, axis) => math.cos(a).min(axis)),
  ranked((a, axis) => (a.shape[axis]! < 10 ? a.tanh().add(1.5).mul(0.6).prod(axis) : undefined)),
  (a, _b, k) => (a.rank === 3 ? a.sum(k % 2 ? [0, 2] : [1, 2]).div(a.size) : undefined),
  ranked((a, axis) => reduce.cumsum(a, axis).div(a.shape[axis]!)),
  (a) => shapes.reshape(a, [a.size]),
  (a, _b, k) => shapes.reshape(a, a.size % 2 === 0 ? [2, a.size / 2].slice().sort(() => (k % 2) - 0.5) : [1, a.size]),
  (a, _b, k) =>
    a.rank > 1
      ? shapes.transpose(a, k % 2 || a.rank === 2 ? undefined : [1, 0, ...a.shape.map((_, d) => d).slice(2)])
      : undefined,
  (a, _b, k) => shapes.expandDims(a, k % (a.rank + 1)),
  (a) => shapes.squeeze(a),
  (a, _b, k) =>
    a.size * 3 <= largestSize && a.rank < 3 ? shapes.broadcastTo(a, [2 + (k % 2), ...a.shape]) : undefined,
  ranked((a, axis) => shapes.flip(a, axis)),
  ranked((a, axis, k) => {
    const n = a.shape[axis]!;
    const [start, stop, step] = [k % n, n - ((k >> 3) % n), 1 + (k % 2)];
    const all = <T>(x: T, other: T): T[] => a.shape.map((_, d) => (d === axis ? x : other));
    return start < stop
      ? shapes.slice(a, all(start, 0), all<number | undefined>(stop, undefined), all(step, 1))
      : undefined;
  }),
  ranked((a, axis, k) =>
    shapes.at(shapes.transpose(a, [axis, ...a.shape.map((_, d) => d).filter((d) => d !== axis)]), k % a.shape[axis]!),
  ),
  ranked((a, axis, k) =>
    shapes.pad(
      a,
      a.shape.map((_, d) => (d === axis ? ([k % 3, (k >> 2) % 3] as const) : ([0, 0] as const))),
    ),
  ),
  ranked((a, axis, k) => shapes.concat([a, a.tanh(), ...(k % 2 ? [data(a.shape, k)] : [])], axis)),
  (a, _b, k) => (a.rank < 3 ? shapes.stack([a, a.square(), a].slice(k % 2), k % (a.rank + 1)) : undefined),
  ranked((a, axis, k) =>
    shapes.take(a, Array.from(draw({ shape: [3 + (k % 11)], domain: [0, a.shape[axis]!] }, k + 1), Math.floor), axis),
  ),
  ranked((a, _axis, k) =>
    shapes.scatterAdd(Array.from(draw({ shape: [a.shape[0]!], domain: [0, 4] }, k + 1), Math.floor), a, 4).mul(0.5),
  ),
  ranked((a, _axis, k) => matmul(a, data([a.shape.at(-1)!, 1 + (k % 19)], k)).div(a.shape.at(-1)!)),
  ranked((a, _axis, k) => (a.rank > 2 ? undefined : matmul(data([1 + (k % 19), a.shape[0]!], k), a).div(a.shape[0]!))),
  ranked((a) => matmul(matrix(a), shapes.transpose(matrix(a))).div(a.size)),
  ranked((a, _axis, k) =>
    matmul(a, a.at(0).rank === 1 && a.rank === 2 ? a.at(k % a.shape[0]!) : data([a.shape.at(-1)!], k)).div(
      a.shape.at(-1)!,
    ),
  ),
  ranked((a) => (a.rank === 3 ? matmul(a, shapes.transpose(a, [0, 2, 1])).div(a.shape[2]!) : undefined)),
  ranked((a) => {
    const s = definite(a);
    return s && cholesky(s);
  }),
  ranked((a, _axis, k) => {
    const s = definite(a);
    return s && solveTriangular(cholesky(s), matrix(a), { transpose: k % 2 === 0 });
  }),
  ranked((a) => {
    const s = definite(a);
    return s && diagonal(tril(s));
  }),
  (a) => math.stopGradient(a),
  // Sums that become sufficient statistics or products of factors.
  (a, _b, k) => {
    const x = a.reshape([a.size]);
    const rows = 4 + (k % 40);
    return a.size > 20
      ? undefined
      : matmul(data([rows, a.size], k), x)
          .sub(data([rows], k + 1))
          .square()
          .sum()
          .div(rows);
  },
  (a, _b, k) => {
    const x = a.reshape([a.size]);
    const rows = 4 + (k % 70);
    const picked = Array.from(draw({ shape: [rows], domain: [0, a.size] }, k + 1), Math.floor);
    return math
      .sub(shapes.take(x, picked), data([rows], k))
      .add(a.mean().mul(data([rows], k + 3)))
      .square()
      .mul(data([rows], k + 5).square())
      .sum()
      .div(rows);
  },
  paired((a, b, k) => a.mul(data(a.shape, k)).sub(b).add(0.3).square().mean()),
  (a, _b, k) =>
    shapes
      .broadcastTo(a, [2 + (k % 4), ...a.shape])
      .sub(data(a.shape, k))
      .square()
      .mean(),
  (a, _b, k) => a.mul(data(a.shape, k)).sub(math.softplus(a)).mean(),
  paired((a, b) => math.logaddexp(a, b).sub(math.softplus(b.neg())).mean()),
  (a) => math.softplus(a).sub(math.logSigmoid(a)).sum().div(a.size),
  ...passOperations,
];

/** Builds a case over the given inputs, which are variables or values. */
export function buildGraph({ steps, outputs }: GraphCase, inputs: readonly Tensor[]): Tensor[] {
  const made = [...inputs];
  for (const [operation, first, second, detail] of steps) {
    // Tensors made last are picked most often, so that graphs are deep.
    const pick = (k: number): Tensor =>
      made[k % 3 === 0 ? k % made.length : made.length - 1 - (k % Math.min(made.length, 3))]!;
    const next = operations[operation % operations.length]!(pick(first), pick(second), detail);
    if (next && next.rank <= 3 && sizeOf(next.shape) > 0 && sizeOf(next.shape) <= largestSize) made.push(next);
  }
  return outputs.map((k, i) => made[i === 0 ? made.length - 1 : k % made.length]!);
}

/** One number that depends on every output. */
export const objective = (outputs: readonly Tensor[]): Tensor =>
  outputs.map((x, i) => x.mul(data(x.shape, i)).mean()).reduce((a, b) => a.add(b));
