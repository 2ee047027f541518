import { describe, expect, it } from "vitest";
import {
  BetaBinomial,
  type Distribution,
  fromJSON,
  NegativeBinomial,
  NegativeBinomial2,
} from "../../distributions/index.ts";
import { reshape } from "../../src/tensor/shape.ts";
import { asTensor, type Tensor } from "../../src/tensor/tensor.ts";
import figures from "../fixtures/distributions.json" with { type: "json" };

interface Case {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly batch_shape: number[];
  readonly event_shape: number[];
  readonly x: Nested;
  readonly log_prob: Nested;
  readonly mean?: Nested;
  readonly variance?: Nested;
  readonly entropy?: Nested;
  readonly cdf?: Nested;
  readonly icdf_q?: number[];
  readonly icdf?: Nested;
}
type Nested = number | string | readonly Nested[];

/** JSON has no NaN or infinities: they are words. */
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};
const numbers = (x: Nested): number[] =>
  typeof x === "number" ? [x] : typeof x === "string" ? [SPECIAL[x]!] : x.flatMap(numbers);

/**
 * NumPyro's log densities of these go through an asymptotic log beta function that is good to 4e-7 only: with exact
 * binomial coefficients, BetaBinomial(2, 5, 10) at 4 has log probability -2.031650877843487.
 */
const INEXACT: ReadonlySet<string> = new Set([
  "BetaBinomial",
  "GammaPoisson",
  "NegativeBinomial2",
  "NegativeBinomialProbs",
  "NegativeBinomialLogits",
]);

function expectClose(actual: Tensor, expected: Nested, what: string, tolerance = 1e-10): void {
  const got = Array.from(actual.data);
  const figures = numbers(expected);
  // NumPyro leaves batch axes that don't matter at length 1.
  const want = figures.length === 1 ? got.map(() => figures[0]!) : figures;
  expect(got.length, `${what}: size`).toBe(want.length);
  got.forEach((v, i) => {
    const e = want[i]!;
    if (!Number.isFinite(e)) expect(v, `${what}[${i}]`).toBe(e);
    else
      expect(Math.abs(v - e) / Math.max(1, Math.abs(e)), `${what}[${i}]: ${v}, should be ${e}`).toBeLessThan(tolerance);
  });
}

const cases = figures.cases as unknown as Case[];

describe("distributions against NumPyro and SciPy", () => {
  cases.forEach((c, i) => {
    it(`${c.name} #${i}`, () => {
      const d: Distribution = fromJSON({ name: c.name, args: c.args });
      expect(d.batchShape).toEqual(c.batch_shape);
      expect(d.eventShape).toEqual(c.event_shape);
      const x = asTensor(c.x as number[]);
      expectClose(d.logProb(x), c.log_prob, "logProb", INEXACT.has(c.name) ? 1e-6 : 1e-10);
      if (c.mean !== undefined) expectClose(d.mean, c.mean, "mean");
      if (c.variance !== undefined) expectClose(d.variance, c.variance, "variance");
      if (c.entropy !== undefined) expectClose(d.entropy(), c.entropy, "entropy");
      if (c.cdf !== undefined) expectClose(d.cdf(x), c.cdf, "cdf");
      if (c.icdf !== undefined) {
        // Their quantiles of a discrete uniform distribution are fractions.
        if (c.name === "DiscreteUniform") return;
        const q = reshape(c.icdf_q!, [c.icdf_q!.length, ...c.batch_shape.map(() => 1)]);
        expectClose(d.icdf(q), c.icdf, "icdf");
      }
    });
  });

  it("BetaBinomial and NegativeBinomial against exact arithmetic", () => {
    expect(BetaBinomial(2, 5, 10).logProb(4).item()).toBeCloseTo(-2.031650877843487, 13);
    expect(NegativeBinomial(10, 0.2).logProb(2).item()).toBeCloseTo(
      Math.log(55) + 2 * Math.log(0.2) + 10 * Math.log(0.8),
      13,
    );
    expect(NegativeBinomial2(0.3, 10).logProb(0).item()).toBeCloseTo(10 * Math.log(10 / 10.3), 13);
  });

  it("comes back from JSON", () => {
    for (const c of cases) {
      const d = fromJSON({ name: c.name, args: c.args });
      const again = fromJSON(JSON.parse(JSON.stringify(d)));
      expect(again.name).toBe(d.name);
      expect(again.batchShape).toEqual(d.batchShape);
      expect(Array.from(again.logProb(c.x as number[]).data)).toEqual(Array.from(d.logProb(c.x as number[]).data));
    }
  });
});
