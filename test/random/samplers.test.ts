import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { betainc } from "../../src/ops/special/betainc.ts";
import { gammainc, gammaincc } from "../../src/ops/special/gammainc.ts";
import {
  bernoulli,
  beta,
  binomial,
  categorical,
  cauchy,
  dirichlet,
  exponential,
  gamma,
  logGamma,
  normal,
  permutation,
  poisson,
  randint,
  studentT,
  uniform,
} from "../../src/random/index.ts";
import { type Key, key, split } from "../../src/random/key.ts";
import { fromData, type Tensor } from "../../src/tensor/tensor.ts";
import { normalCdf } from "../../src/wasm/numberFunctions.ts";
import fixture from "../fixtures/random.json" with { type: "json" };
import { chiSquare, correlation, countDistance, distance, tally } from "./statistics.ts";

const N = 10_000;
const mean = (x: Tensor): number => (x.data as Float64Array).reduce((a, b) => a + b, 0) / x.size;

describe(`draws equal those of ${fixture.source}`, () => {
  it.each(fixture.keys)("for seed $seed", (expected) => {
    const k = key(expected.seed);
    expect(uniform(k, [6]).toArray()).toEqual(expected.uniform);
    expect(uniform(k, [2, 3]).toArray()).toEqual(expected.uniform23);
    // JAX fuses the multiplication and the addition.
    const ranged = uniform(k, [6], { low: -2.5, high: 4 }).data;
    ranged.forEach((x, i) => void expect(Math.abs(x - expected.uniformRange[i]!)).toBeLessThan(2e-15));
    expect(bernoulli(k, 0.3, [20]).toArray()).toEqual(expected.bernoulli);
    expect(permutation(k, 10).toArray()).toEqual(expected.permutation10);
    expect(permutation(k, 1).toArray()).toEqual(expected.permutation1);
    expect(
      permutation(k, [
        [0, 1],
        [2, 3],
        [4, 5],
        [6, 7],
      ]).toArray(),
    ).toEqual(expected.permutationRows);
    const long = permutation(k, 2000).data;
    expect([...long.slice(0, 12)]).toEqual(expected.permutation2000Head);
    expect((long as Int32Array).reduce((sum, v, i) => sum + v * i, 0)).toBe(expected.permutation2000Sum);
    normal(k, [24]).data.forEach((z, i) => void expect(Math.abs(z / expected.normal[i]! - 1)).toBeLessThan(1e-12));
    exponential(k, [6]).data.forEach(
      (x, i) => void expect(Math.abs(x / expected.exponential[i]! - 1)).toBeLessThan(1e-13),
    );
  });
});

describe("continuous samplers follow their distribution functions", () => {
  const studentCdf =
    (df: number) =>
    (x: number): number => {
      const tail = 0.5 * betainc(df / 2, 0.5, df / (df + x * x));
      return x < 0 ? tail : 1 - tail;
    };
  const cases: [string, () => Tensor, (x: number) => number][] = [
    ["uniform on [-2, 3)", () => uniform(key(1), [N], { low: -2, high: 3 }), (x) => (x + 2) / 5],
    ["normal", () => normal(key(2), [N]), normalCdf],
    ["normal with loc 3 and scale 2", () => normal(key(3), [N], { loc: 3, scale: 2 }), (x) => normalCdf((x - 3) / 2)],
    ["exponential of rate 4", () => exponential(key(4), [N], { rate: 4 }), (x) => 1 - Math.exp(-4 * x)],
    ["cauchy", () => cauchy(key(5), [N], { loc: 1, scale: 3 }), (x) => 0.5 + Math.atan((x - 1) / 3) / Math.PI],
    ...[0.05, 0.7, 1, 3.5, 200, 1e6].map((a): [string, () => Tensor, (x: number) => number] => [
      `gamma(${a})`,
      () => gamma(key(6), a, [N]),
      (x) => gammainc(a, x),
    ]),
    ["logGamma(0.4)", () => logGamma(key(7), 0.4, [N]), (l) => gammainc(0.4, Math.exp(l))],
    // P(a, x) = x^a / Γ(1 + a) to first order, and Γ(1 + 1e-5) is 1 - 6e-6
    ["logGamma(1e-5)", () => logGamma(key(8), 1e-5, [N]), (l) => Math.min(1, Math.exp(1e-5 * l) * (1 + 5.8e-6))],
    ...(
      [
        [0.3, 0.6],
        [2, 5],
        [80, 3],
        [4000, 5000],
      ] as const
    ).map(([a, b]): [string, () => Tensor, (x: number) => number] => [
      `beta(${a}, ${b})`,
      () => beta(key(9), a, b, [N]),
      (x) => betainc(a, b, x),
    ]),
    ...[0.5, 3, 40].map((df): [string, () => Tensor, (x: number) => number] => [
      `studentT(${df})`,
      () => studentT(key(10), df, [N]),
      studentCdf(df),
    ]),
  ];
  it.each(cases)("%s", (_, draw, cdf) => {
    expect(distance(draw().data, cdf)).toBeLessThan(1);
  });

  it("and the test would notice a wrong one", () => {
    expect(distance(gamma(key(6), 3.5, [N]).data, (x) => gammainc(3.7, x))).toBeGreaterThan(1);
    expect(distance(normal(key(2), [N]).data, (x) => normalCdf(x / 1.05))).toBeGreaterThan(1);
  });

  it("dirichlet: marginals are beta and rows sum to one", () => {
    const concentration = [0.5, 2, 6];
    const draws = dirichlet(key(11), concentration, [N]);
    expect(draws.shape).toEqual([N, 3]);
    for (const [j, a] of concentration.entries()) {
      const marginal = Float64Array.from({ length: N }, (_, i) => draws.data[3 * i + j]!);
      expect(distance(marginal, (x) => betainc(a, 8.5 - a, x))).toBeLessThan(1);
    }
    for (let i = 0; i < N; i++) {
      expect(Math.abs(draws.data[3 * i]! + draws.data[3 * i + 1]! + draws.data[3 * i + 2]! - 1)).toBeLessThan(1e-15);
    }
  });

  it("tiny concentrations give corners, evenly, and never NaN", () => {
    const draws = dirichlet(key(12), [1e-6, 1e-6, 1e-6], [1000]).data;
    expect(draws.every((x) => x >= 0 && x <= 1)).toBe(true);
    const corners = [0, 1, 2].map(
      (j) => Array.from({ length: 1000 }, (_, i) => draws[3 * i + j]!).filter((x) => x > 0.999).length,
    );
    expect(corners.reduce((a, b) => a + b)).toBeGreaterThan(990);
    expect(chiSquare(corners, [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(1);
    const pairs = beta(key(13), 1e-5, 1e-5, [1000]);
    expect(Math.abs(mean(pairs) - 0.5)).toBeLessThan(0.06);
  });
});

describe("counts follow their distribution functions", () => {
  it.each([0.02, 0.7, 4, 9.99, 10, 37.5, 1e4, 1e9])("poisson(%d)", (rate) => {
    const draws = poisson(key(20), rate, [N]);
    expect(countDistance(draws.data, (k) => (k < 0 ? 0 : gammaincc(k + 1, rate)))).toBeLessThan(1);
  });

  it.each([
    [1, 0.5],
    [10, 0.3],
    [7, 0.95],
    [1000, 0.004],
    [40, 0.25],
    [1000, 0.4],
    [1e6, 0.9],
    [1e12, 1e-4],
  ])("binomial(%d, %d)", (n, p) => {
    const draws = binomial(key(21), n, p, [N]);
    const cdf = (k: number): number => (k < 0 ? 0 : k >= n ? 1 : 1 - betainc(k + 1, n - k, p));
    expect(draws.data.every((k) => Number.isInteger(k) && k >= 0 && k <= n)).toBe(true);
    expect(countDistance(draws.data, cdf)).toBeLessThan(1);
  });

  it("poisson and binomial at their ends", () => {
    expect(poisson(key(0), 0, [3]).toArray()).toEqual([0, 0, 0]);
    expect(binomial(key(0), 12, [0, 1]).toArray()).toEqual([0, 12]);
    expect(binomial(key(0), 0, 0.4, [2]).toArray()).toEqual([0, 0]);
  });

  it("categorical", () => {
    const logits = [0, 1, Number.NEGATIVE_INFINITY, 2];
    const draws = categorical(key(22), logits, [N]);
    expect(draws.dtype).toBe("int32");
    const [a, b, never, d] = tally(draws.data, 4);
    expect(never).toBe(0);
    const total = 1 + Math.E + Math.E ** 2;
    expect(chiSquare([a!, b!, d!], [1 / total, Math.E / total, Math.E ** 2 / total])).toBeLessThan(1);
  });

  it("categorical takes each element's row", () => {
    const off = Number.NEGATIVE_INFINITY;
    const logits = [
      [1000, off, off],
      [off, off, -1000],
    ];
    expect(categorical(key(0), logits).toArray()).toEqual([0, 2]);
    expect(categorical(key(0), logits, [3, 2]).toArray()).toEqual([
      [0, 2],
      [0, 2],
      [0, 2],
    ]);
  });

  it("randint", () => {
    expect(chiSquare(tally(randint(key(23), [N], 0, 7).data, 7), new Array(7).fill(1 / 7))).toBeLessThan(1);
    // A span that does not divide 2^32 evenly by far: words modulo it would be biased
    const odd = 3 * 2 ** 19;
    expect(distance(randint(key(26), [N], 0, odd).data, (x) => (x + 0.5) / odd)).toBeLessThan(1);
    const wide = randint(key(24), [N], -(2 ** 31), 2 ** 31);
    expect(distance(wide.data, (x) => (x + 2 ** 31 + 0.5) / 2 ** 32)).toBeLessThan(1);
    expect(randint(key(0), [4], 5, 6).toArray()).toEqual([5, 5, 5, 5]);
    const perElement = randint(key(0), [2], Int32Array.of(0, 100), Int32Array.of(2, 102)).data;
    expect(perElement[0]! < 2 && perElement[1]! >= 100 && perElement[1]! < 102).toBe(true);
  });

  it("permutation reaches all orders alike", () => {
    const counts = new Map<string, number>();
    for (const k of split(key(25), 6000)) {
      const order = String(permutation(k, 4).toArray());
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()], new Array(24).fill(1 / 24))).toBeLessThan(1);
  });

  it("permutation moves whole rows and keeps the dtype", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 60 }), fc.nat(), (xs, seed) => {
        const shuffled = permutation(key(seed), Int32Array.from(xs));
        expect(shuffled.dtype).toBe("int32");
        expect([...shuffled.data].sort()).toEqual([...xs].sort());
      }),
    );
    const rows = permutation(key(1), fromData(Float32Array.of(0, 0, 1, 1, 2, 2), [3, 2]));
    expect(rows.dtype).toBe("float32");
    expect((rows.toArray() as number[][]).every(([a, b]) => a === b)).toBe(true);
    expect(permutation(key(1), 0).toArray()).toEqual([]);
  });
});

describe("independence", () => {
  const near = 4 / Math.sqrt(N);
  it("of split keys, of neighbouring seeds, and of neighbours in one draw", () => {
    const [a, b] = split(key(30)) as [Key, Key];
    const za = normal(a, [N]).data;
    expect(Math.abs(correlation(za, normal(b, [N]).data))).toBeLessThan(near);
    expect(Math.abs(correlation(za, normal(key(30), [N]).data))).toBeLessThan(near);
    expect(Math.abs(correlation(normal(key(0), [N]).data, normal(key(1), [N]).data))).toBeLessThan(near);
    expect(Math.abs(correlation(za.slice(1), za.slice(0, -1)))).toBeLessThan(near);
    const first = Float64Array.from(split(key(31), N), (k) => uniform(k).item());
    expect(distance(first, (x) => x)).toBeLessThan(1);
  });

  it.each([
    ["gamma", (k: Key, p: number[]) => gamma(k, p)],
    ["poisson", (k: Key, p: number[]) => poisson(k, p)],
    [
      "binomial",
      (k: Key, p: number[]) =>
        binomial(
          k,
          30,
          p.map((x) => x / 100),
        ),
    ],
    ["studentT", (k: Key, p: number[]) => studentT(k, p)],
    ["beta", (k: Key, p: number[]) => beta(k, p, 2)],
  ] as const)("%s: an element depends on its own parameter only", (_, draw) => {
    const parameter = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.nat(), parameter, parameter, parameter, (seed, x, y, z) => {
        const k = key(seed);
        expect(draw(k, [x, z]).data[1]).toBe(draw(k, [y, z]).data[1]);
        expect(draw(k, [x, y, z]).data.slice(0, 2)).toEqual(draw(k, [x, y]).data);
      }),
    );
  });
});

describe("shapes", () => {
  it("are those of the parameters, or the one asked for", () => {
    expect(uniform(key(0)).shape).toEqual([]);
    expect(normal(key(0), [2, 0, 3]).shape).toEqual([2, 0, 3]);
    expect(normal(key(0), undefined, { loc: [0, 1, 2], scale: [[1], [2]] }).shape).toEqual([2, 3]);
    expect(beta(key(0), [1, 2], [[1], [2], [3]]).shape).toEqual([3, 2]);
    expect(gamma(key(0), [1, 2], [5, 2]).shape).toEqual([5, 2]);
    expect(
      dirichlet(key(0), [
        [1, 1],
        [2, 2],
        [3, 3],
      ]).shape,
    ).toEqual([3, 2]);
    expect(dirichlet(key(0), [1, 1], [4, 5]).shape).toEqual([4, 5, 2]);
    expect(categorical(key(0), [0, 0], [4]).shape).toEqual([4]);
    expect(bernoulli(key(0), [0, 1]).toArray()).toEqual([false, true]);
  });

  it("normal and uniform broadcast their options over the same standard draws", () => {
    const z = normal(key(1), [2, 2]).data;
    const x = normal(key(1), [2, 2], { loc: [10, 20], scale: [[1], [0]] }).data;
    expect([...x]).toEqual([z[0]! + 10, z[1]! + 20, 10, 20]);
    expect(uniform(key(1), [3], { low: 2, high: 2 }).toArray()).toEqual([2, 2, 2]);
  });
});

describe("errors", () => {
  const k = key(0);
  const nan = Number.NaN;
  it.each<[string, () => unknown, string]>([
    [
      "a seed for a key",
      () => normal(0 as unknown as Key),
      "random.normal: the first argument must be a Key, got 0. Make one from a seed: key(0).",
    ],
    [
      "a negative scale",
      () => normal(k, [2], { scale: -1 }),
      "random.normal: scale must be finite and not negative, got -1.",
    ],
    [
      "NaN somewhere",
      () =>
        gamma(k, [
          [1, 2],
          [3, nan],
        ]),
      "random.gamma: concentration must be positive and finite, got NaN at index [1, 1] of shape [2, 2].",
    ],
    [
      "a zero concentration",
      () => dirichlet(k, [1, 0]),
      "random.dirichlet: concentration must be positive and finite, got 0 at index [1] of shape [2].",
    ],
    [
      "a zero rate",
      () => exponential(k, [2], { rate: 0 }),
      "random.exponential: rate must be positive and finite, got 0.",
    ],
    ["a negative rate", () => poisson(k, -2), "random.poisson: rate must be finite and not negative, got -2."],
    [
      "a probability above one",
      () => bernoulli(k, [0.5, 1.5]),
      "random.bernoulli: p must be a probability in [0, 1], got 1.5 at index [1] of shape [2].",
    ],
    ["half a trial", () => binomial(k, 2.5, 0.5), "random.binomial: n must be an integer in [0, 2^53], got 2.5."],
    [
      "bounds the wrong way",
      () => uniform(k, [2], { low: 1, high: 0 }),
      "random.uniform: high - low must be finite and not negative, got -1.",
    ],
    [
      "an empty range",
      () => randint(k, [2], 3, 3),
      "random.randint: high - low must be positive (high itself is excluded), got 0.",
    ],
    [
      "a bound that is no integer",
      () => randint(k, [2], 0.5, 3),
      "random.randint: low must be a 32-bit integer, got 0.5.",
    ],
    [
      "a shape that leaves out the parameters",
      () => gamma(k, [1, 2], [5]),
      "random.gamma: concentration has shape [2], which does not broadcast to the requested shape [5].",
    ],
    [
      "parameters that do not fit each other",
      () => beta(k, [1, 2], [1, 2, 3]),
      "random.beta (a, b): shapes [2] and [3] do not broadcast",
    ],
    [
      "a shape of fractions",
      () => normal(k, [1.5]),
      "random.normal: a shape is an array of non-negative integers such as [2, 3], got [1.5].",
    ],
    [
      "logits without categories",
      () => categorical(k, 0),
      "random.categorical: logits must have a last axis of at least one category; their shape is [].",
    ],
    [
      "impossible categories",
      () =>
        categorical(k, [
          [0, 0],
          [-Infinity, -Infinity],
        ]),
      "random.categorical: all 2 logits of row 1 are -Infinity",
    ],
    [
      "a NaN logit",
      () => categorical(k, [0, nan]),
      "random.categorical: logits must be finite or -Infinity, got NaN for category 1 of row 0.",
    ],
    [
      "a scalar to shuffle",
      () => permutation(k, fromData(Float64Array.of(3), [])),
      "random.permutation: a tensor without axes has no rows to shuffle",
    ],
    ["a negative number to shuffle", () => permutation(k, -1), "random.permutation: the number of elements is -1"],
  ])("%s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});
