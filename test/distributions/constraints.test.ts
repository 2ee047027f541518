import { describe, expect, it } from "vitest";
import { constraints } from "../../distributions/index.ts";

const { check } = {
  check: (c: constraints.Constraint, x: Parameters<constraints.Constraint["check"]>[0]): unknown =>
    c.check(x).toArray(),
};

describe("constraints", () => {
  it("test membership elementwise", () => {
    const x = [-1, 0, 0.5, 1, 2, Number.NaN, Number.POSITIVE_INFINITY];
    const [f, t] = [false, true];
    expect(check(constraints.real, x)).toEqual([t, t, t, t, t, f, f]);
    expect(check(constraints.extendedReal, x)).toEqual([t, t, t, t, t, f, t]);
    expect(check(constraints.positive, x)).toEqual([f, f, t, t, t, f, f]);
    expect(check(constraints.nonnegative, x)).toEqual([f, t, t, t, t, f, f]);
    expect(check(constraints.unitInterval, x)).toEqual([f, t, t, t, f, f, f]);
    expect(check(constraints.interval(0.5, 2), x)).toEqual([f, f, t, t, t, f, f]);
    expect(check(constraints.greaterThan(0.5), x)).toEqual([f, f, f, t, t, f, f]);
    expect(check(constraints.lessThan(0.5), x)).toEqual([t, t, f, f, f, f, f]);
    expect(check(constraints.boolean, x)).toEqual([f, t, f, t, f, f, f]);
    expect(check(constraints.nonnegativeInteger, x)).toEqual([f, t, f, t, t, f, f]);
    expect(check(constraints.positiveInteger, x)).toEqual([f, f, f, t, t, f, f]);
    expect(check(constraints.integerInterval(-1, 1), x)).toEqual([t, t, f, t, f, f, f]);
  });

  it("test membership of vectors and matrices", () => {
    expect(
      check(constraints.realVector, [
        [1, 2],
        [1, Number.NaN],
      ]),
    ).toEqual([true, false]);
    expect(
      check(constraints.orderedVector, [
        [-1, 2],
        [2, 2],
      ]),
    ).toEqual([true, false]);
    expect(
      check(constraints.positiveOrderedVector, [
        [-1, 2],
        [1, 2],
      ]),
    ).toEqual([false, true]);
    expect(
      check(constraints.simplex, [
        [0.3, 0.7],
        [0.3, 0.6],
        [-0.1, 1.1],
      ]),
    ).toEqual([true, false, false]);
    expect(
      check(constraints.lowerCholesky, [
        [
          [1, 0],
          [5, 2],
        ],
        [
          [1, 1],
          [0, 1],
        ],
        [
          [-1, 0],
          [0, 1],
        ],
      ]),
    ).toEqual([true, false, false]);
    expect(
      check(constraints.corrCholesky, [
        [
          [1, 0],
          [0.6, 0.8],
        ],
        [
          [1, 0],
          [0.6, 0.6],
        ],
      ]),
    ).toEqual([true, false]);
    const matrices = [
      [
        [2, 1],
        [1, 2],
      ],
      [
        [1, 2],
        [2, 1],
      ],
      [
        [1, 0.5],
        [0.4, 1],
      ],
    ];
    expect(check(constraints.positiveDefinite, matrices)).toEqual([true, false, false]);
  });

  it("name a member of themselves", () => {
    const all = [
      constraints.real,
      constraints.positive,
      constraints.nonnegative,
      constraints.unitInterval,
      constraints.interval(2, 3),
      constraints.greaterThan(7),
      constraints.lessThan(-7),
      constraints.boolean,
      constraints.nonnegativeInteger,
      constraints.positiveInteger,
      constraints.integerInterval(3, 5),
      constraints.realVector,
      constraints.orderedVector,
      constraints.positiveOrderedVector,
      constraints.simplex,
      constraints.lowerCholesky,
      constraints.corrCholesky,
      constraints.positiveDefinite,
    ];
    for (const c of all)
      expect(
        Array.from(c.check(c.feasible([4, 3, 3])).data).every((v) => v === 1),
        c.name,
      ).toBe(true);
  });

  it("are named as they are written", () => {
    expect(constraints.interval(0, 2).name).toBe("interval(0, 2)");
    expect(constraints.interval(0, [1, 2]).name).toBe("interval(0, tensor[2])");
    expect(constraints.independent(constraints.positive, 2).name).toBe("independent(positive, 2)");
    expect(constraints.independent(constraints.realVector, 1).eventDim).toBe(2);
    expect(() => constraints.independent(constraints.real, -1)).toThrow(
      "the number of axes must be 0, 1, 2, …, got -1",
    );
  });
});
