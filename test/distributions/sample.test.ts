import { describe, expect, it } from "vitest";
import * as dist from "../../distributions/index.ts";
import { grad } from "../../src/autodiff/grad.ts";
import { key } from "../../src/random/key.ts";
import { square } from "../../src/tensor/math.ts";
import { mean, sum } from "../../src/tensor/reduce.ts";
import { asTensor, type Tensor } from "../../src/tensor/tensor.ts";

const N = 40_000;

const univariate: readonly dist.Distribution[] = [
  dist.Normal(1, 2),
  dist.HalfNormal(2),
  dist.LogNormal(0.3, 0.5),
  dist.StudentT(7, 1, 2),
  dist.Exponential(2),
  dist.Gamma(2.5, 3),
  dist.Gamma(0.4, 1),
  dist.Chi2(3),
  dist.InverseGamma(6, 2),
  dist.Beta(2, 3),
  dist.Uniform(-1, 3),
  dist.Weibull(1.8, 2),
  dist.Laplace(1, 2),
  dist.Logistic(1, 2),
  dist.Gumbel(1, 2),
  dist.Pareto(1, 6),
  dist.LogUniform(1, 4),
  dist.Kumaraswamy(2, 3),
  dist.Bernoulli(0.3),
  dist.Bernoulli({ logits: 1 }),
  dist.Binomial(10, 0.3),
  dist.Poisson(4),
  dist.Geometric(0.3),
  dist.NegativeBinomial(5, 0.4),
  dist.NegativeBinomial2(4, 3),
  dist.GammaPoisson(2, 1.5),
  dist.BetaBinomial(2, 5, 10),
  dist.DiscreteUniform(-2, 5),
  dist.ZeroInflatedPoisson(0.4, 3),
  dist.Delta(2),
];

describe("draws", () => {
  for (const d of univariate) {
    it(`${d}: moments, support and density`, () => {
      const x = d.sample(key(7), [N]);
      expect(x.shape).toEqual([N]);
      expect(Array.from(d.support.check(x).data).every((v) => v === 1)).toBe(true);
      const [m, v] = [d.mean.item(), d.variance.item()];
      const average = mean(x).item();
      const spread = mean(square(x.sub(m))).item();
      // Six standard errors of the mean; the spread is checked loosely, its own error having no closed form here.
      expect(Math.abs(average - m)).toBeLessThanOrEqual(6 * Math.sqrt(v / N) + 1e-12);
      expect(Math.abs(spread - v)).toBeLessThanOrEqual(0.15 * v);
    });
  }

  for (const d of [dist.Cauchy(1, 2), dist.HalfCauchy(3)]) {
    it(`${d}: median and quartiles`, () => {
      const x = Array.from(d.sample(key(3), [N]).data).sort((a, b) => a - b);
      for (const q of [0.25, 0.5, 0.75]) {
        expect(d.cdf(x[Math.floor(q * N)]!).item()).toBeCloseTo(q, 1.7);
      }
    });
  }

  it("of categories come as often as they should", () => {
    const d = dist.Categorical([
      [0.2, 0.3, 0.5],
      [0.7, 0.2, 0.1],
    ]);
    const x = d.sample(key(0), [N]);
    expect(x.shape).toEqual([N, 2]);
    const share = (k: number, column: number): number =>
      Array.from(x.data).filter((v, i) => i % 2 === column && v === k).length / N;
    expect(share(2, 0)).toBeCloseTo(0.5, 1.7);
    expect(share(0, 1)).toBeCloseTo(0.7, 1.7);
  });

  it("of vectors have their mean and covariance", () => {
    const d = dist.MultivariateNormal({
      loc: [1, 2],
      covarianceMatrix: [
        [2, 0.8],
        [0.8, 1],
      ],
    });
    const x = d.sample(key(0), [N]);
    expect(x.shape).toEqual([N, 2]);
    const centred = x.sub(d.mean);
    const covariance = centred.transpose().matmul(centred).div(N);
    for (const [i, c] of [2, 0.8, 0.8, 1].entries()) expect(covariance.data[i]).toBeCloseTo(c, 1);
    const p = dist
      .Dirichlet([
        [1, 2, 3],
        [4, 4, 4],
      ])
      .sample(key(1), [1000]);
    expect(p.shape).toEqual([1000, 2, 3]);
    expect(mean(p, 0).data[2]).toBeCloseTo(0.5, 1);
  });

  it("of an expanded batch are independent, and equal for equal keys", () => {
    const d = dist.Normal(0, 1).expand([2, 3]);
    expect(new Set(d.sample(key(0)).data).size).toBe(6);
    expect(d.sample(key(0)).data).toEqual(d.sample(key(0)).data);
    expect(dist.Normal([0, 1], 1).expand([4, 2]).sample(key(0), [5]).shape).toEqual([5, 4, 2]);
  });

  it("carry gradients where location and scale do", () => {
    const f = (scale: Tensor): Tensor => sum(dist.Normal(0, scale).sample(key(0), [10]));
    const drawn = sum(dist.Normal(0, 1).sample(key(0), [10])).item();
    expect(grad<Tensor>(f)(asTensor(2)).item()).toBeCloseTo(drawn, 12);
  });

  it("can't be had from a flat prior", () => {
    expect(() => dist.ImproperUniform(dist.constraints.real).sample(key(0))).toThrow(
      "ImproperUniform: the flat prior on real has no draws. Start inference from given values, condition on the site, or give it a proper prior",
    );
  });
});
