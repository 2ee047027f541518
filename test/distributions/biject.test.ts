import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { biject, type Constraint, constraints } from "../../distributions/index.ts";
import { grad } from "../../src/autodiff/grad.ts";
import { at, reshape } from "../../src/tensor/shape.ts";
import { asTensor, type Tensor } from "../../src/tensor/tensor.ts";

const {
  corrCholesky,
  greaterThan,
  independent,
  interval,
  lessThan,
  lowerCholesky,
  nonnegative,
  orderedVector,
  positive,
  positiveDefinite,
  positiveOrderedVector,
  real,
  realVector,
  simplex,
  unitInterval,
} = constraints;

/** A constraint and the number of unconstrained entries that one member takes in the test. */
const members: readonly (readonly [Constraint, number])[] = [
  [real, 0],
  [positive, 0],
  [nonnegative, 0],
  [greaterThan(2), 0],
  [lessThan(-1), 0],
  [interval(-3, 5), 0],
  [unitInterval, 0],
  [realVector, 3],
  [independent(positive, 1), 4],
  [orderedVector, 4],
  [positiveOrderedVector, 4],
  [simplex, 1],
  [simplex, 4],
  [lowerCholesky, 6],
  [positiveDefinite, 6],
  [corrCholesky, 1],
  [corrCholesky, 6],
];

const inputShape = (n: number): number[] => (n === 0 ? [] : [n]);

/** Entries of a member that are free to move, in the order that the Jacobian is taken in. */
function freeEntries(c: Constraint, y: Tensor, n: number): Tensor {
  const flat = reshape(y, [y.size]);
  const size = y.shape[y.rank - 1] ?? 1;
  const lower = (below: number): number[] =>
    Array.from({ length: size }, (_, i) => Array.from({ length: i + 1 - below }, (_, j) => i * size + j)).flat();
  const places =
    c === lowerCholesky || c === positiveDefinite
      ? lower(0)
      : c === corrCholesky
        ? lower(1)
        : Array.from({ length: Math.max(n, 1) }, (_, i) => i);
  return reshape(flat, [y.size]).rank === 1 ? takeAll(flat, places) : flat;
}

const takeAll = (flat: Tensor, places: readonly number[]): Tensor => asTensor(places.map((i) => flat.data[i]!));

/** log |det| of a square matrix by elimination with pivoting. */
function logAbsDet(m: number[][]): number {
  const a = m.map((row) => [...row]);
  let total = 0;
  for (let k = 0; k < a.length; k++) {
    const pivot = a.slice(k).reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(a[best]![k]!) ? k + i : best), k);
    [a[k], a[pivot]] = [a[pivot]!, a[k]!];
    total += Math.log(Math.abs(a[k]![k]!));
    for (let i = k + 1; i < a.length; i++) {
      const f = a[i]![k]! / a[k]![k]!;
      for (let j = k; j < a.length; j++) a[i]![j]! -= f * a[k]![j]!;
    }
  }
  return total;
}

describe("biject", () => {
  for (const [c, n] of members) {
    const t = biject(c);
    const point = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
      minLength: Math.max(1, n),
      maxLength: Math.max(1, n),
    });
    const input = (values: readonly number[]): Tensor => reshape(values as number[], inputShape(n));

    it(`${c.name} (${n}): forward lands inside and inverse comes back`, () => {
      fc.assert(
        fc.property(point, (values) => {
          const x = input(values);
          const y = t.forward(x);
          expect(y.shape).toEqual(t.forwardShape(x.shape));
          expect(t.inverseShape(y.shape)).toEqual(x.shape);
          expect(Array.from(c.check(y).data)).toEqual([1]);
          for (const [i, v] of t.inverse(y).data.entries()) expect(v).toBeCloseTo(values[i]!, 7);
        }),
        { numRuns: 25 },
      );
    });

    it(`${c.name} (${n}): the log-Jacobian is that of finite differences`, () => {
      fc.assert(
        fc.property(point, (values) => {
          const h = 1e-5;
          const size = Math.max(1, n);
          const moved = (k: number, by: number): Tensor =>
            freeEntries(c, t.forward(input(values.map((v, i) => (i === k ? v + by : v)))), n);
          const jacobian = Array.from({ length: size }, (_, k) => {
            const [up, down] = [moved(k, h), moved(k, -h)];
            return Array.from({ length: size }, (_, i) => (up.data[i]! - down.data[i]!) / (2 * h));
          });
          const x = input(values);
          expect(t.logAbsDetJacobian(x, t.forward(x)).item()).toBeCloseTo(logAbsDet(jacobian), 5);
        }),
        { numRuns: 15 },
      );
    });
  }

  it("treats batches as loops", () => {
    for (const [c, n] of members) {
      const t = biject(c);
      const rows = [0, 1, 2].map((r) => Array.from({ length: Math.max(n, 1) }, (_, i) => Math.sqrt(r + 1) * (i - 1.3)));
      const batch = reshape(rows, [3, ...inputShape(n)]);
      const y = t.forward(batch);
      const ladj = t.logAbsDetJacobian(batch, y);
      expect(ladj.shape).toEqual([3]);
      rows.forEach((row, r) => {
        const x = reshape(row, inputShape(n));
        expect(Array.from(at(y, r).data)).toEqual(Array.from(t.forward(x).data));
        expect(ladj.data[r]).toBeCloseTo(t.logAbsDetJacobian(x, t.forward(x)).item(), 12);
      });
      expect(t.inverse(y).shape).toEqual(batch.shape);
    }
  });

  it("takes 0 to the middle", () => {
    expect(biject(interval(2, 4)).forward(0).item()).toBe(3);
    for (const p of biject(simplex).forward([0, 0, 0]).data) expect(p).toBeCloseTo(0.25, 15);
  });

  it("takes bounds that are traced", () => {
    // d/da of a·σ(x) and of log a + const
    const t = (a: Tensor): ReturnType<typeof biject> => biject(interval(0, a));
    expect(grad<Tensor>((a: Tensor) => t(a).forward(0.3))(asTensor(2)).item()).toBeCloseTo(
      1 / (1 + Math.exp(-0.3)),
      14,
    );
    expect(grad<Tensor>((a: Tensor) => t(a).logAbsDetJacobian(0.3, t(a).forward(0.3)))(asTensor(2)).item()).toBeCloseTo(
      0.5,
      14,
    );
  });

  it("refuses discrete sets and says what to do", () => {
    expect(() => biject(constraints.nonnegativeInteger)).toThrow(
      "biject: nonnegativeInteger is discrete and has no bijection from real numbers. Sum the variable out (enumerate it), or observe it",
    );
    const odd = constraints.constraint({ kind: "odd", check: (x) => x });
    expect(() => biject(odd)).toThrow("no bijection is known for odd");
  });

  it("uses a constraint's own bijection", () => {
    const mine = constraints.constraint({ kind: "mine", check: (x) => x, bijection: biject(positive) });
    expect(biject(mine).forward(0).item()).toBe(1);
    expect(biject(independent(mine, 1)).logAbsDetJacobian([1, 2], [0, 0]).item()).toBe(3);
  });
});
