/** Log densities: points of another length, and what is said where they aren't finite. */
import {
  constraints,
  deterministic,
  dist,
  exp,
  factor,
  log,
  logDensity,
  nuts,
  plate,
  sample,
  sqrt,
  type Tensor,
  whyNotFinite,
} from "lapilli";
import { describe, expect, test } from "vitest";
import { complaint, rejection, schools, sigma, wrong, y } from "./message.ts";

const quick = { chains: 1, warmup: 20, draws: 20, progress: false };
const one = (): Tensor => sample("x", dist.Normal(0, 1));

describe("points", () => {
  const ld = logDensity(one, {});
  const end = "the model has 1 unconstrained coordinates. Give a Float64Array of that length.";
  test.each<[string, () => unknown, string]>([
    ["too long", () => ld.valueAndGrad(new Float64Array(2), new Float64Array(1)), `The point has 2 numbers, ${end}`],
    [
      "a gradient too long",
      () => ld.valueAndGrad(new Float64Array(1), new Float64Array(4)),
      `The gradient has 4 numbers, ${end}`,
    ],
    ["no gradient", () => wrong(ld).valueAndGrad(new Float64Array(1)), `The gradient is undefined, ${end}`],
    ["a number", () => ld.value(wrong(1)), `The point is 1, ${end}`],
    ["to constrain", () => ld.constrain(new Float64Array(2)), `The point has 2 numbers, ${end}`],
    ["to explain", () => whyNotFinite(ld, new Float64Array(2)), `The point has 2 numbers, ${end}`],
  ])("%s", (_, f, expected) => {
    expect(complaint(f)).toBe(expected);
  });
});

describe("unconstrain", () => {
  const ld = logDensity(schools, { y, sigma });
  test.each<[string, unknown, string]>([
    [
      "a missing site",
      { mu: 1, tau: 1 },
      'unconstrain: no value for "theta"; give every latent site: "mu", "tau", "theta".',
    ],
    [
      "a misspelt site",
      { mu: 1, tau: 1, tehta: y },
      'unconstrain: the model has no site "tehta"; did you mean "theta"? There are "mu", "tau", "theta".',
    ],
    [
      "a value outside the support",
      { mu: 1, tau: -1, theta: y },
      'unconstrain: the value of "tau" lies outside its support nonnegative: Tensor(-1, shape [], float64) must be nonnegative.',
    ],
    [
      "another shape",
      { mu: 1, tau: 1, theta: [1, 2] },
      'unconstrain: the value of "theta" has shape [2], the site [8].',
    ],
    ["a string", { mu: "1", tau: 1, theta: y }, 'A tensor was expected, got the string "1"'],
    ["no values", undefined, "unconstrain: values by name are wanted, { mu: … }, got undefined."],
  ])("%s", (_, values, expected) => {
    expect(complaint(() => ld.unconstrain(wrong(values)))).toContain(expected);
  });

  test("takes what constrain gives, deterministic sites included", () => {
    const model = logDensity(() => {
      deterministic("twice", sample("s", dist.HalfNormal(1)).mul(2));
    }, {});
    expect(model.unconstrain(model.constrain(Float64Array.of(0.25)))[0]).toBeCloseTo(0.25, 14);
  });
});

describe("why a log density is not finite", () => {
  const why = (model: () => unknown, ...x: number[]): string | undefined =>
    whyNotFinite(logDensity(model, {}), Float64Array.from(x));

  test("an argument, with the operation and its line", () => {
    const model = () => {
      const x = one();
      plate("n", 3, () => sample("y", dist.Normal(0, log(x.sub([1, 2, 3]))), { obs: [1, 2, 3] }));
    };
    expect(why(model, 0.5)).toMatch(
      /^sample site "y" has log density NaN at index \[0\]: Normal: scale must be positive, got NaN at index \[0\]; log gave NaN from -0\.5, at \S*density\.test\.ts:\d+:\d+\.$/,
    );
  });

  test("a negative scale", () => {
    expect(why(() => sample("y", dist.Normal(0, one()), { obs: 1 }), -2)).toContain(
      'sample site "y" has log density NaN: Normal: scale must be positive, got -2; log gave NaN from -2, at',
    );
  });

  test("a covariance that depends on parameters", () => {
    const model = () => {
      const r = one();
      sample(
        "y",
        dist.MultivariateNormal({
          loc: [0, 0],
          covarianceMatrix: wrong([
            [1, r],
            [r, 1],
          ]),
        }),
        { obs: [1, 2] },
      );
    };
    expect(why(model, 0.5)).toBeUndefined();
    expect(why(model, 2)).toContain(
      'sample site "y" has log density NaN: MultivariateNormal: covarianceMatrix must be symmetric and positive definite, got [1, 2, 2, 1] (row by row, shape [2, 2])',
    );
  });

  test("a value outside a support that depends on parameters", () => {
    const model = () => sample("y", dist.Uniform(0, exp(one())), { obs: 5 });
    expect(why(model, 2)).toBeUndefined();
    expect(why(model, 0)).toMatch(
      /^sample site "y" has log density -Infinity: 1 of 1 value is outside the support of Uniform\(low: 0, high: 1\): 5 \(shape \[\]\) is not between 0 and 1; the line is \S*density\.test\.ts:\d+:\d+\.$/,
    );
  });

  test("a gradient", () => {
    expect(why(() => factor("f", sqrt(one().mul(0)).neg()), 1)).toMatch(
      /^the gradient with respect to x is NaN: .* gave NaN from .*, at \S*density\.test\.ts/,
    );
  });

  test("masked entries are not blamed", () => {
    const model = () => {
      const x = one();
      plate("n", 2, () => sample("y", dist.Normal(0, x), { obs: [Number.NaN, 1], mask: [false, true] }));
    };
    expect(why(model, 1)).toBeUndefined();
    expect(why(model, -1)).toContain(
      'sample site "y" has log density NaN at index [1]: Normal: scale must be positive, got -1',
    );
  });
});

describe("debugNans", () => {
  const model = () => sample("y", dist.Normal(0, one()), { obs: 1 });

  test("stops a log density at a NaN, and shows where", () => {
    const ld = logDensity(model, {}, { debugNans: true });
    expect(ld.value(Float64Array.of(1))).toBeLessThan(0);
    const message = complaint(() => ld.value(Float64Array.of(-2)));
    expect(message).toContain(
      'debugNans: sample site "y" has log density NaN: Normal: scale must be positive, got -2; log gave NaN from -2, at',
    );
    expect(message).toContain("Unconstrained coordinates: x = -2.000.");
    expect(complaint(() => ld.value(Float64Array.of(Number.NaN)))).toBe("The point is not finite: x.");
  });

  test("lets -Infinity pass, which samplers reject", () => {
    const ld = logDensity(() => sample("y", dist.Uniform(0, exp(one())), { obs: 5 }), {}, { debugNans: true });
    expect(ld.value(Float64Array.of(0))).toBe(Number.NEGATIVE_INFINITY);
  });

  test("stops a sampler", async () => {
    expect(await rejection(nuts(model, {}, { ...quick, debugNans: true }))).toMatch(
      /^Chain 0: debugNans: sample site "y" has log density NaN: .*\nUnconstrained coordinates: x = -/,
    );
  });

  test("does not disturb a sound model, nor change its draws", async () => {
    const options = { ...quick, warmup: 200, draws: 50, seed: 1 };
    const [watched, plain] = [
      await nuts(schools, { y, sigma }, { ...options, debugNans: true }),
      await nuts(schools, { y, sigma }, options),
    ];
    expect(watched.draws("theta").toArray()).toEqual(plain.draws("theta").toArray());
  });
});

describe("no starting point", () => {
  const start =
    /^Chain 0: No starting point: 100 points drawn uniformly from \(-2, 2\) in each of the 1 unconstrained coordinates gave /;

  test("NaN everywhere", async () => {
    const message = await rejection(
      nuts(() => sample("y", dist.Normal(log(one().square().neg()), 1), { obs: 1 }), {}, quick),
    );
    expect(message).toMatch(start);
    expect(message).toContain(
      "log density NaN (100 times). Give a starting point with `initial`, try a smaller `initialRadius`",
    );
    expect(message).toMatch(
      /\nAt one of them, sample site "y" has log density NaN: Normal: loc must be a finite real number, got NaN; log gave NaN from -\d.*, at \S*density\.test\.ts/,
    );
    expect(message).toContain("With { debugNans: true } a run stops wherever a NaN arises");
  });

  test("-Infinity everywhere", async () => {
    const message = await rejection(nuts(() => factor("never", one().mul(0).sub(Number.POSITIVE_INFINITY)), {}, quick));
    expect(message).toMatch(start);
    expect(message).toMatch(
      /At one of them, factor site "never" has log density -Infinity: sub gave -Infinity from -?0 and Infinity, at /,
    );
  });

  test("a gradient that is not finite, by coordinate", async () => {
    const message = await rejection(nuts(() => factor("f", sqrt(one().mul(0)).neg()), {}, quick));
    expect(message).toContain("a gradient of NaN for coordinate 0 (x) (100 times)");
    expect(message).toContain("At one of them, the gradient with respect to x is NaN: ");
  });

  test("a covariance that is never one", async () => {
    const model = () => {
      const r = sample("r", dist.HalfNormal(1)).add(1.5);
      sample(
        "y",
        dist.MultivariateNormal({
          loc: [0, 0],
          covarianceMatrix: wrong([
            [1, r],
            [r, 1],
          ]),
        }),
        { obs: [1, 2] },
      );
    };
    expect(await rejection(nuts(model, {}, quick))).toContain(
      "MultivariateNormal: covarianceMatrix must be symmetric and positive definite, got [1, ",
    );
  });

  test("one that is sometimes none is rejected there: draws stay where it is one", async () => {
    const model = () => {
      const r = one();
      sample(
        "y",
        dist.MultivariateNormal({
          loc: [0, 0],
          covarianceMatrix: wrong([
            [1, r],
            [r, 1],
          ]),
        }),
        { obs: [1, 2] },
      );
    };
    const fit = await nuts(model, {}, { chains: 2, warmup: 200, draws: 200, progress: false });
    expect(fit.draws("x").abs().max().item()).toBeLessThan(1);
    expect(fit.summary().divergences).toBeGreaterThan(0);
  });

  test("in workers", async () => {
    const message = await rejection(
      nuts(() => sample("y", dist.Normal(0, one().square().neg()), { obs: 1 }), {}, { ...quick, strategy: "workers" }),
    );
    expect(message).toMatch(start);
    expect(message).toContain(
      'At one of them, sample site "y" has log density NaN: Normal: scale must be positive, got -',
    );
  });

  test("one that was given", async () => {
    const message = await rejection(nuts(() => factor("f", log(one())), {}, { ...quick, initial: { x: -1 } }));
    expect(message).toContain(
      "Chain 0: `initial` gives log density NaN; start where log density and gradient are finite",
    );
    expect(message).toContain('There, factor site "f" has log density NaN: log gave NaN from -1, at');
  });
});

test("an improper posterior", async () => {
  const flat = () => {
    one();
    sample("k", dist.ImproperUniform(constraints.real, [2], []));
  };
  expect(await rejection(nuts(flat, {}, quick))).toBe(
    'nuts: the log density does not depend on sample site "k" at all, so the posterior is improper and can\'t be sampled. ' +
      "Give the site a proper prior, such as dist.Normal(0, 10), or drop it.",
  );
  expect(logDensity(flat, {}).flatSites).toEqual(["k"]);
});
