import { describe, expect, expectTypeOf, it } from "vitest";
import * as dist from "../../distributions/index.ts";
import { grad } from "../../src/autodiff/grad.ts";
import { key } from "../../src/random/key.ts";
import { uniform } from "../../src/random/uniform.ts";
import { zeros } from "../../src/tensor/create.ts";
import { div, log, mul, sqrt, square } from "../../src/tensor/math.ts";
import { asTensor, type Tensor, type TensorLike } from "../../src/tensor/tensor.ts";

const {
  Bernoulli,
  Beta,
  Binomial,
  Categorical,
  constraints,
  Exponential,
  Gamma,
  MultivariateNormal,
  Normal,
  Poisson,
  Uniform,
} = dist;

describe("arguments", () => {
  it("come by position or by name, options last", () => {
    expect(Normal(1, 2).logProb(0).item()).toBe(Normal({ loc: 1, scale: 2 }).logProb(0).item());
    expect(Normal().args.scale!.item()).toBe(1);
    expect(Normal({ scale: 3 }).args.loc!.item()).toBe(0);
    expect(() => Normal(0, -1, { validateArgs: false })).not.toThrow();
    expect(() => Normal({ scale: -1 }, { validateArgs: false })).not.toThrow();
    expect(Normal.name).toBe("Normal");
  });

  it("have types", () => {
    expectTypeOf(Normal).toBeCallableWith(0, 1);
    expectTypeOf(Normal).toBeCallableWith([0, 1], new Float64Array(2), { validateArgs: false });
    expectTypeOf(Normal).toBeCallableWith({ loc: 0 });
    expectTypeOf(Normal(0, 1)).toEqualTypeOf<dist.Distribution>();
    expectTypeOf(Normal(0, 1).logProb(0)).toEqualTypeOf<Tensor>();
    // @ts-expect-error no such argument
    expect(() => Normal({ location: 0 })).toThrow(
      'Normal: no argument "location"; it takes (loc, scale, { validateArgs }?)',
    );
    // @ts-expect-error concentration is required
    expect(() => Gamma({ rate: 1 })).toThrow(
      'Gamma: "concentration" is missing; it takes (concentration, rate, { validateArgs }?)',
    );
    // @ts-expect-error too many
    expect(() => Exponential(1, 2, 3)).toThrow("takes (rate, { validateArgs }?), got 3 arguments");
  });

  it("that say the same thing can't both be given", () => {
    expect(() => Bernoulli({ probs: 0.5, logits: 0 })).toThrow(
      'Bernoulli: "probs" and "logits" say the same thing; pass one of them',
    );
    expect(() => Bernoulli()).toThrow('Bernoulli: one of "probs", "logits" is missing');
    expect(() => MultivariateNormal({ loc: [0, 0] })).toThrow(
      'one of "covarianceMatrix", "precisionMatrix", "scaleTril" is missing',
    );
  });

  it("that don't broadcast are all shown", () => {
    expect(() => Normal(zeros([3]), [1, 2])).toThrow(
      "Normal: the shapes of the arguments don't broadcast: loc [3], scale [2]; align their rightmost axes, or add one with expandDims",
    );
  });
});

describe("shapes", () => {
  it("of log densities are sample + batch", () => {
    const d = Normal(zeros([4, 3]), 1);
    expect(d.logProb(0).shape).toEqual([4, 3]);
    expect(d.logProb(zeros([5, 1, 3])).shape).toEqual([5, 4, 3]);
    expect(d.toEvent(1).logProb(zeros([5, 4, 3])).shape).toEqual([5, 4]);
    expect(d.toEvent(2).logProb(zeros([4, 3])).shape).toEqual([]);
    expect(Uniform(0, 1).logProb(zeros([7])).shape).toEqual([7]);
    expect(dist.ImproperUniform(constraints.orderedVector, [2], [3]).logProb([[1, 2, 3]]).shape).toEqual([2]);
    expect(Categorical({ logits: zeros([5, 3]) }).logProb([[0], [1]]).shape).toEqual([2, 5]);
  });

  it("survive expanding", () => {
    const d = Normal([0, 1], 1).expand([3, 2]);
    expect([d.batchShape, d.mean.shape, d.entropy().shape, d.logProb(0).shape]).toEqual([
      [3, 2],
      [3, 2],
      [3, 2],
      [3, 2],
    ]);
    expect(dist.fromJSON(JSON.parse(JSON.stringify(d))).batchShape).toEqual([3, 2]);
    expect(
      d
        .toEvent()
        .expand([5, 3])
        .logProb(zeros([5, 3, 2])).shape,
    ).toEqual([5, 3]);
    const mvn = MultivariateNormal({
      loc: 0,
      scaleTril: [
        [1, 0],
        [1, 1],
      ],
    }).expand([3]);
    expect([mvn.sample(key(0)).shape, mvn.logProb(zeros([2])).shape]).toEqual([[3, 2], [3]]);
    expect(() => Normal([0, 1], 1).expand([3])).toThrow("Normal: a batch of shape [2] can't be expanded to [3]");
  });

  it("of batches of matrices broadcast with values", () => {
    const l = [
      [
        [1, 0],
        [0.5, 1],
      ],
      [
        [2, 0],
        [-1, 3],
      ],
    ];
    const d = MultivariateNormal({ scaleTril: l });
    const each = l.map((one) => MultivariateNormal({ scaleTril: one }).logProb([1, 2]).item());
    expect(d.logProb([1, 2]).toArray()).toEqual(each);
    expect(d.logProb([[[1, 2]], [[0, 0]], [[1, 1]]]).shape).toEqual([3, 2]);
    const precise = MultivariateNormal({
      precisionMatrix: [
        [2, 0.5],
        [0.5, 1],
      ],
    });
    expect(precise.logProb([1, 2]).item()).toBeCloseTo(
      MultivariateNormal({
        covarianceMatrix: [
          [1 / 1.75, -0.5 / 1.75],
          [-0.5 / 1.75, 2 / 1.75],
        ],
      })
        .logProb([1, 2])
        .item(),
      12,
    );
  });

  it("that are wrong are named", () => {
    expect(() =>
      MultivariateNormal({
        scaleTril: [
          [1, 0],
          [0, 1],
        ],
      }).logProb([1, 2, 3]),
    ).toThrow(
      "MultivariateNormal.logProb: the value has shape [3], but its rightmost axes should be the event shape [2]",
    );
    expect(() => Normal([0, 1], 1).logProb([1, 2, 3])).toThrow(
      "has shape [3], which doesn't broadcast with the batch shape [2]",
    );
    expect(() => Normal(0, 1).toEvent(1)).toThrow("Normal: toEvent(1) needs 1 batch axis, but the batch shape is []");
    expect(() => dist.ImproperUniform(constraints.simplex)).toThrow(
      "a member of simplex has 1 axis, but the event shape is []",
    );
  });
});

describe("outside the support", () => {
  it("log densities are −∞, and NaN stays NaN", () => {
    expect(Exponential(1).logProb([-1, 2, Number.NaN]).toArray()).toEqual([-Infinity, -2, Number.NaN]);
    expect(Uniform(0, [1, 3]).logProb(2).toArray()).toEqual([-Infinity, -Math.log(3)]);
    expect(Poisson(2).logProb([0.5, -1]).toArray()).toEqual([-Infinity, -Infinity]);
    expect(Binomial(3, 0.5).logProb(4).item()).toBe(-Infinity);
    expect(Categorical([0.5, 0.5]).logProb([2, -1, 0.5]).toArray()).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(dist.Dirichlet([1, 1]).logProb([0.5, 0.6]).item()).toBe(-Infinity);
  });

  it("distribution functions are 0 and 1", () => {
    for (const d of [
      Exponential(2),
      Gamma(2, 1),
      Uniform(-1, 1),
      dist.LogNormal(0, 1),
      dist.InverseGamma(2, 1),
      dist.Weibull(1, 2),
    ]) {
      expect(d.cdf(-5).item(), d.name).toBe(0);
      expect(d.cdf(1e300).item(), d.name).toBe(1);
    }
    for (const d of [
      Bernoulli(0.3),
      Binomial(4, 0.3),
      Poisson(2),
      Categorical([0.5, 0.5]),
      dist.DiscreteUniform(0, 3),
    ]) {
      expect(d.cdf([-0.5, -1]).toArray(), d.name).toEqual([0, 0]);
      expect(d.cdf(1e9).item(), d.name).toBe(1);
    }
    expect(Binomial(4, 0.3).cdf(2.7).item()).toBe(Binomial(4, 0.3).cdf(2).item());
  });

  it("edges keep their limits", () => {
    expect(Beta(1, 3).logProb(0).item()).toBeCloseTo(Math.log(3), 14);
    expect(Gamma(1, 2).logProb(0).item()).toBeCloseTo(Math.log(2), 14);
    expect(dist.Weibull(2, 1).logProb(0).item()).toBeCloseTo(-Math.log(2), 14);
    expect(Poisson(0).logProb([0, 1]).toArray()).toEqual([0, -Infinity]);
    expect(Bernoulli([0, 1]).logProb([0, 1]).toArray()).toEqual([0, 0]);
    expect(dist.Dirichlet([1, 2]).logProb([0, 1]).item()).toBeCloseTo(Math.log(2), 14);
  });
});

describe("quantiles", () => {
  const continuous = [
    Normal(1, 2),
    dist.HalfNormal(2),
    dist.LogNormal(0, 0.5),
    dist.Cauchy(1, 2),
    dist.HalfCauchy(2),
    dist.StudentT(1.3, 1, 2),
    dist.StudentT(30, 0, 1),
    Exponential(2),
    Gamma(0.7, 2),
    Gamma(30, 2),
    dist.Chi2(3),
    dist.InverseGamma(2, 3),
    Beta(0.5, 3),
    Uniform(-1, 4),
    dist.Weibull(2, 1.5),
    dist.Laplace(1, 2),
    dist.Logistic(1, 2),
    dist.Gumbel(1, 2),
    dist.Pareto(2, 3),
    dist.LogUniform(1, 5),
    dist.Kumaraswamy(2, 3),
  ];
  it.each(continuous.map((d) => [String(d), d] as const))(
    "%s: icdf is the inverse of cdf, whose slope is the density",
    (_, d) => {
      for (const q of [1e-6, 0.01, 0.3, 0.5, 0.77, 0.999]) {
        const x = d.icdf(q).item();
        expect(Math.abs(d.cdf(x).item() - q)).toBeLessThan(1e-10 * q + 1e-13);
        if (q < 0.01) continue;
        const h = 1e-5 * Math.max(Math.abs(x), 1e-2);
        const slope = (d.cdf(x + h).item() - d.cdf(x - h).item()) / (2 * h);
        expect(slope / Math.exp(d.logProb(x).item())).toBeCloseTo(1, 5);
      }
    },
  );

  const discrete = [
    Bernoulli(0.3),
    Binomial(7, 0.4),
    Poisson(1e5),
    Poisson(0.3),
    dist.Geometric(0.1),
    dist.NegativeBinomial(3, 0.7),
    dist.NegativeBinomial2(20, 0.5),
    dist.GammaPoisson(2, 0.3),
    Categorical([0.2, 0.3, 0.5]),
    dist.DiscreteUniform(-2, 6),
    dist.ZeroInflatedPoisson(0.4, 6),
  ];
  it.each(discrete.map((d) => [String(d), d] as const))("%s: icdf is the first value that cdf reaches", (_, d) => {
    for (const q of [0.001, 0.2500001, 0.5, 0.9, 0.9999]) {
      const x = d.icdf(q).item();
      expect(d.cdf(x).item()).toBeGreaterThanOrEqual(q - 1e-13);
      expect(d.cdf(x - 1).item()).toBeLessThan(q);
    }
  });

  it("broadcast with the batch", () => {
    expect(
      Poisson([1, 100])
        .icdf([[0.1], [0.5]])
        .toArray(),
    ).toEqual([
      [0, 87],
      [1, 100],
    ]);
    expect(Poisson(1).icdf([0, 1, 2]).toArray()).toEqual([0, Infinity, Number.NaN]);
  });
});

describe("entropy", () => {
  it("is −E log p where it has to be summed", () => {
    expect(Binomial(1, 0.3).entropy().item()).toBeCloseTo(Bernoulli(0.3).entropy().item(), 13);
    // Binomial(10, ½) and Poisson(4), summed in Python
    expect(Binomial({ totalCount: [10, 1], logits: 0 }).entropy().data[0]).toBeCloseTo(1.8759536052468004, 12);
    expect(Poisson(4).entropy().item()).toBeCloseTo(2.0866726998809635, 12);
  });
});

describe("enumeration", () => {
  it("lists every value along a new leftmost axis", () => {
    const d = Categorical({ logits: zeros([4, 3]) });
    expect(d.hasEnumerateSupport).toBe(true);
    expect(d.enumerateSupport().shape).toEqual([3, 1]);
    expect(d.logProb(d.enumerateSupport()).shape).toEqual([3, 4]);
    expect(dist.DiscreteUniform(2, 4).enumerateSupport().toArray()).toEqual([2, 3, 4]);
    expect(() => Poisson(1).enumerateSupport()).toThrow("Poisson: its support can't be listed");
    expect(() => Binomial([1, 2], 0.5).enumerateSupport()).toThrow("the same totalCount everywhere");
  });
});

describe("masks", () => {
  it("leave entries out, missing ones too", () => {
    const d = Normal(0, 1).mask([true, false]);
    expect(d.logProb([0, Number.NaN]).toArray()).toEqual([Normal(0, 1).logProb(0).item(), 0]);
    expect(Normal(0, 1).mask(false).logProb(1).item()).toBe(0);
    expect(d.toEvent(1).logProb([1, Number.NaN]).item()).toBeCloseTo(Normal(0, 1).logProb(1).item(), 14);
  });

  it("keep gradients finite", () => {
    const f = (rate: Tensor): Tensor => Exponential(rate).mask([true, false]).toEvent(1).logProb([2, Number.NaN]);
    expect(grad<Tensor>(f)(asTensor(0.5)).item()).toBeCloseTo(1 / 0.5 - 2, 13);
  });
});

describe("kl", () => {
  const pairs: readonly (readonly [dist.Distribution, dist.Distribution])[] = [
    [Normal(0, 1), Normal(1, 2)],
    [dist.LogNormal(0, 1), dist.LogNormal(1, 2)],
    [dist.HalfNormal(1), dist.HalfNormal(2)],
    [Gamma(2, 3), Gamma(1.5, 1)],
    [dist.InverseGamma(4, 3), dist.InverseGamma(3, 2)],
    [Exponential(2), Exponential(3)],
    [Beta(2, 3), Beta(1.5, 4)],
    [dist.Weibull(2, 1.5), Gamma(2, 1)],
  ];
  it.each(pairs.map(([p, q]) => [`${p} ‖ ${q}`, p, q] as const))("%s against quadrature", (_, p, q) => {
    // Midpoints in probability: ∫ log p/q dP
    const n = 20_000;
    const x = p.icdf(Array.from({ length: n }, (_, i) => (i + 0.5) / n));
    const ratio = p.logProb(x).sub(q.logProb(x)).mean().item();
    expect(dist.kl(p, q).item()).toBeCloseTo(ratio, 2);
  });

  it.each([
    [Bernoulli(0.3), Bernoulli({ logits: 1 })],
    [Categorical([0.2, 0.3, 0.5]), Categorical({ logits: [1, 0, 2] })],
    [Poisson(3), Poisson(5)],
  ] as const)("%s ‖ %s against summation", (p, q) => {
    const values = Array.from({ length: p.hasEnumerateSupport ? p.enumerateSupport().size : 100 }, (_, i) => i);
    const total = values.reduce((s, k) => {
      const lp = p.logProb(k).item();
      return s + Math.exp(lp) * (lp - q.logProb(k).item());
    }, 0);
    expect(dist.kl(p, q).item()).toBeCloseTo(total, 12);
  });

  it("of vectors", () => {
    const diagonal = (s: number[]): number[][] => s.map((v, i) => s.map((_, j) => (i === j ? v : 0)));
    const [p, q] = [
      MultivariateNormal({ loc: [0, 1], scaleTril: diagonal([1, 2]) }),
      MultivariateNormal({ loc: 0, covarianceMatrix: diagonal([4, 9]) }),
    ];
    const separate = dist.kl(Normal([0, 1], [1, 2]).toEvent(1), Normal([0, 0], [2, 3]).toEvent(1));
    expect(dist.kl(p, q).item()).toBeCloseTo(separate.item(), 13);
    // Dirichlet of two is a beta distribution
    expect(dist.kl(dist.Dirichlet([2, 3]), dist.Dirichlet([1.5, 4])).item()).toBeCloseTo(
      dist.kl(Beta(2, 3), Beta(1.5, 4)).item(),
      13,
    );
    expect(dist.kl(dist.Delta(1), Normal(0, 1)).item()).toBeCloseTo(-Normal(0, 1).logProb(1).item(), 14);
  });

  it("says when it doesn't know", () => {
    expect(() => dist.kl(Normal(0, 1), dist.Cauchy(0, 1))).toThrow(
      "kl: no closed form is known for Normal against Cauchy. Estimate it",
    );
    expect(() => dist.kl(Normal([0], 1).toEvent(1), Normal(0, 1))).toThrow(
      "the event shapes differ, [1] of Independent vs [] of Normal",
    );
  });
});

describe("a family of one's own", () => {
  const Ramp: dist.Family<[end?: TensorLike], never, "end"> = dist.distribution({
    name: "Ramp",
    parameters: { end: { constraint: constraints.positive, default: 1 } },
    support: ({ end }) => constraints.interval(0, end),
    logProb: (x, { end }) => log(div(mul(2, x), square(end))),
    sample: (k, shape, { end }) => mul(end, sqrt(uniform(k, shape))),
    mean: ({ end }) => mul(2 / 3, end),
  });

  it("has everything that follows from its record", () => {
    expect(Ramp(2).logProb([1, 3]).toArray()).toEqual([Math.log(0.5), -Infinity]);
    expect(Ramp([1, 2]).toEvent(1).sample(key(0), [3]).shape).toEqual([3, 2]);
    expect(() => Ramp(-1)).toThrow("Ramp: end must be positive");
    expect(() => Ramp(1).cdf(0.5)).toThrow("Ramp: cdf has no closed form");
    expect(String(Ramp([1, 2]))).toBe("Ramp(end: tensor[2])");
  });
});

describe("traced log densities", () => {
  it("have the gradients of finite differences", () => {
    const f = (p: Tensor): Tensor => dist.StudentT(p.add(2), p, p.exp()).logProb([0.3, 2]).sum();
    const h = 1e-6;
    const slope = (f(asTensor(0.5 + h)).item() - f(asTensor(0.5 - h)).item()) / (2 * h);
    expect(grad<Tensor>(f)(asTensor(0.5)).item()).toBeCloseTo(slope, 6);
  });

  it("respect supports that depend on parameters", () => {
    const f = (high: Tensor): Tensor => Uniform(0, high).logProb([1, 2]).sum();
    expect(grad<Tensor>(f)(asTensor(4)).item()).toBeCloseTo(-0.5, 14);
    expect(f(asTensor(1.5)).item()).toBe(-Infinity);
  });
});

describe("fromJSON", () => {
  it("knows wrappers and the other names", () => {
    const d = Normal([0, 1], 2).mask([true, false]).toEvent(1);
    const again = dist.fromJSON(JSON.parse(JSON.stringify(d)));
    expect(again.logProb([1, 1]).item()).toBe(d.logProb([1, 1]).item());
    expect(dist.fromJSON({ name: "BinomialLogits", args: { logits: 0, total_count: 3 } }).mean.item()).toBe(1.5);
    const flat = dist.ImproperUniform(constraints.orderedVector, [], [3]);
    expect(dist.fromJSON(flat.toJSON()).support.name).toBe("orderedVector");
    expect(() => dist.fromJSON({ name: "Norml", args: {} })).toThrow(
      'no distribution is called "Norml"; the names are',
    );
  });
});
