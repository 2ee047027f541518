/** Data that aren't what they should be: outside the support, missing, misspelt, of another kind. */
import { dist, exp, type LogDensity, log, logDensity, matmul, nuts, plate, sample, whyNotFinite, zeros } from "lapilli";
import { describe, expect, test } from "vitest";
import { complaint, rejection, type Schools, schools, sigma, withLast, wrong, y } from "./message.ts";

const tracing = (data: unknown): string => complaint(() => logDensity(schools, wrong(data)));
const observing = (distribution: () => dist.Distribution, obs: unknown): string =>
  complaint(() =>
    logDensity(() => {
      sample("y", distribution(), { obs: wrong(obs) });
    }, {}),
  );
const unknown = () => exp(sample("m", dist.Normal(0, 1)));

describe("observations outside the support", () => {
  test.each<[string, () => dist.Distribution, unknown, string]>([
    [
      "a negative count",
      () => dist.Poisson(unknown()).expand([3]),
      [1, -2, 3],
      "-2 at index [1] (shape [3]) is not an integer not less than 0",
    ],
    [
      "half a count",
      () => dist.Poisson(unknown()).expand([3]),
      [1, 2.5, 3],
      "2.5 at index [1] (shape [3]) is not an integer",
    ],
    ["2 for a yes or no", () => dist.Bernoulli({ logits: unknown() }), 2, "2 (shape []) is not 0 or 1"],
    [
      "more successes than trials",
      () => dist.Binomial({ totalCount: 10, logits: unknown() }),
      12,
      "12 (shape []) is not an integer between 0 and 10",
    ],
    [
      "a class too many",
      () => dist.Categorical({ logits: unknown().mul([1, 2, 3]) }),
      3,
      "3 (shape []) is not an integer between 0 and 2",
    ],
    [
      "shares that don't add up",
      () => dist.Dirichlet(unknown().mul([1, 2, 3])),
      [0.5, 0.6, 0.2],
      "[0.5, 0.6, 0.2] (shape [3]) is not a simplex",
    ],
    [
      "infinity",
      () => dist.Normal(unknown(), 1),
      Number.POSITIVE_INFINITY,
      "Infinity (shape []) is not a finite real number",
    ],
  ])("%s", (_, distribution, obs, end) => {
    const message = observing(distribution, obs);
    expect(message).toMatch(/^site "y": 1 of \d values? is outside the support of /);
    expect(message).toContain(end);
    expect(message).toContain("Check the data, or choose a distribution whose support contains them.");
  });
});

describe("NaN and infinity", () => {
  test("in observations", () => {
    expect(tracing({ y: withLast(y, Number.NaN), sigma })).toBe(
      'site "y": 1 of 8 values is NaN, the first at index [7] (shape [8]). Drop missing values, treat them as latent, or leave them out with a mask: distribution.mask(isFinite(y)).',
    );
  });

  test("in an argument", () => {
    const message = tracing({ y, sigma: withLast(sigma, Number.NaN) });
    expect(message).toContain(
      'after sample site "theta": Normal: scale must be positive, got NaN at index [7] (argument "scale", shape [8]). Is a value missing from the data?',
    );
    expect(complaint(() => dist.Normal(Number.POSITIVE_INFINITY, 1))).toContain(
      "Normal: loc must be a finite real number, got Infinity",
    );
  });

  test("in a covariance matrix", () => {
    const message = complaint(() =>
      dist.MultivariateNormal({
        loc: 0,
        covarianceMatrix: [
          [1, Number.NaN],
          [Number.NaN, 1],
        ],
      }),
    );
    expect(message).toContain(
      "MultivariateNormal: covarianceMatrix must be symmetric and positive definite, got [1, NaN, NaN, 1] (row by row, shape [2, 2])",
    );
    expect(message).toContain("Is a value missing from the data?");
  });

  test("in a design matrix, which shows when the sampler looks for a starting point", async () => {
    const X = [
      [1, Number.NaN],
      [3, 4],
      [1, 2],
      [5, 1],
      [2, 2],
      [1, 1],
    ];
    const regression = () => {
      const beta = sample("beta", dist.Normal(zeros([2]), 1).toEvent(1));
      plate("row", 6, () => sample("y", dist.Normal(matmul(X, beta), 1), { obs: [1, 2, 3, 4, 5, 6] }));
    };
    const message = await rejection(nuts(regression, {}, { chains: 1, progress: false }));
    expect(message).toContain("gave log density NaN (100 times)");
    expect(message).toContain(
      'At one of them, sample site "y" has log density NaN at index [0]: Normal: loc must be a finite real number, got NaN at index [0]',
    );
    expect(message).toMatch(
      /matmul gave NaN \(the data of shape \[6, 2\] in it are NaN at index \[0, 1\]\), at \S*data\.test\.ts:\d+:\d+\./,
    );
  });

  test("in a covariate", () => {
    const x = [1, 2, Number.NaN];
    const ld = logDensity(() => {
      const b = sample("b", dist.Normal(0, 1));
      plate("row", 3, () => sample("y", dist.Normal(b.mul(x), 1), { obs: [1, 2, 3] }));
    }, {});
    expect(whyNotFinite(ld, Float64Array.of(0.5))).toMatch(
      /^sample site "y" has log density NaN at index \[2\]: .*; mul gave NaN from 0\.5 and NaN \(the data of shape \[3\] in it are NaN at index \[2\]\), at /,
    );
  });
});

describe("arguments outside their range", () => {
  test("a negative scale, as a number and in data", () => {
    const advice = "Make it positive with exp or softplus, or pass { validateArgs: false } to skip this check.";
    expect(complaint(() => dist.Normal(0, -1))).toBe(
      `Normal: scale must be positive, got -1 (argument "scale", shape []). ${advice}`,
    );
    expect(tracing({ y, sigma: withLast(sigma, -18) })).toContain(
      `Normal: scale must be positive, got -18 at index [7] (argument "scale", shape [8]). ${advice}`,
    );
  });

  test("a covariance that is no covariance", () => {
    expect(
      complaint(() =>
        dist.MultivariateNormal({
          loc: 0,
          covarianceMatrix: [
            [1, 2],
            [2, 1],
          ],
        }),
      ),
    ).toContain(
      'covarianceMatrix must be symmetric and positive definite, got [1, 2, 2, 1] (row by row, shape [2, 2]) (argument "covarianceMatrix", shape [2, 2]). Symmetrise it and add a small multiple of the identity (jitter)',
    );
  });

  test("bounds in the wrong order", () => {
    expect(complaint(() => dist.Uniform(1, 0))).toContain("Uniform: high must be greater than 1, got 0");
  });
});

describe("missing data", () => {
  const readings: [string, unknown, string][] = [
    [
      "undefined fields",
      { y: undefined, sigma: undefined },
      "Normal: scale is undefined. Is a field missing from the data, or misspelt? Leave the argument out to get its default, 1.",
    ],
    [
      "a misspelt field",
      { y, sigmas: sigma },
      'The model reads "sigma" from the data, which have no such field, and never reads "sigmas": is that the same? They have "y", "sigmas".',
    ],
    [
      "a misspelt observation, which would have been drawn",
      { Y: y, sigma },
      'The model reads "y" from the data, which have no such field, and never reads "Y"',
    ],
    [
      "an observation that is undefined, which would have been drawn",
      { y: undefined, sigma },
      'The field "y" of the data is undefined. Give it a value; leave it out, or make it null',
    ],
    [
      "a null argument",
      { y, sigma: null },
      "Normal: scale is null. If a value is missing, drop it, or put NaN and leave it out with a mask.",
    ],
    [
      "options in the place of data",
      { chains: 2, draws: 10 },
      'The model reads "sigma" from the data, which have only "chains", "draws".',
    ],
    [
      "a null among numbers",
      { y: withLast(y, null), sigma },
      'sample site "y": A tensor holds numbers or booleans, got null at [7]. If a value is missing, drop it',
    ],
    ["a hole among numbers", { y: withLast(y, undefined), sigma }, "got undefined at [7]"],
    ["no observation at all", { y: [], sigma }, "There are 0 values along axis -1 for the 8 rows"],
  ];
  test.each(readings)("%s", (_, data, expected) => {
    expect(tracing(data)).toContain(expected);
  });

  test("a count that was misspelt is taken for a discrete latent site, with a hint", () => {
    const message = complaint(() =>
      logDensity(
        (data: { counts?: number[] }) => {
          const rate = sample("rate", dist.Gamma(1, 1));
          plate("n", 3, () => sample("y", dist.Poisson(rate), { obs: data.counts }));
        },
        wrong({ count: [1, 2, 3] }),
      ),
    );
    expect(message).toContain('sample site "y" (Poisson, support nonnegativeInteger) is latent and discrete');
    expect(message).toContain(
      'The model reads "counts" from the data, which have no such field, and never reads "count"',
    );
  });

  test("no data", async () => {
    expect(await rejection(wrong(nuts)(({ sigma: s }: Schools) => sample("x", dist.Normal(0, s))))).toMatch(
      /before its first site: Cannot destructure property .*\. The model was called without data: pass them as the second argument\.$/,
    );
    expect(await rejection(wrong(nuts)((data: Schools) => sample("x", dist.Normal(0, data.sigma))))).toContain(
      "The model was called without data: pass them as the second argument.",
    );
    expect(complaint(() => logDensity(() => sample("x", dist.Normal(0, -1)), undefined))).not.toContain("without data");
  });

  test("leaving an observation out, or null, draws it", () => {
    const names = (ld: LogDensity) => ld.sites.map(({ name }) => name);
    expect(names(logDensity(schools, { sigma }))).toEqual(["mu", "tau", "theta", "y"]);
    expect(names(logDensity(schools, { y: null, sigma }))).toEqual(["mu", "tau", "theta", "y"]);
  });

  test("fields that are spread, listed or tested for are read; similar fields that are both read are fine", () => {
    const names = (model: (data: { sigma?: number; sigmas: number }) => void) => logDensity(model, { sigmas: 2 }).dim;
    expect(
      names((data) => {
        const all = { ...data };
        sample("x", dist.Normal(0, all.sigma ?? all.sigmas));
      }),
    ).toBe(1);
    expect(names(({ sigma: one, sigmas }) => sample("x", dist.Normal(0, one ?? sigmas)))).toBe(1);
  });
});

describe("data of another kind", () => {
  const kinds: [string, unknown, string][] = [
    [
      "strings of numbers",
      y.map(String),
      'A tensor holds numbers or booleans, got the string "28" at [0]. Convert strings to numbers: Number("28"), values.map(Number).',
    ],
    ["a string", "10", 'A tensor was expected, got the string "10". Convert strings to numbers'],
    [
      "a ragged array",
      [[1, 2], [3]],
      "Ragged array: length 1 at [1], 2 elsewhere in dimension 1. All rows need one length: pad them and mask the padding",
    ],
    ["a number among arrays", [[1], 2], "Ragged array: a number at [1] where others have arrays"],
    ["an array among numbers", [1, [2]], "Ragged array: an array at [1] where others have numbers"],
    ["a date", new Date(0), "A tensor was expected, got a Date. Convert dates to numbers: date.getTime()"],
    ["dates", [new Date(0)], "got a Date at [0]. Convert dates to numbers"],
    ["a bigint", 10n, "got the bigint 10n. Convert it: Number(10n)."],
    ["a map", new Map([["a", 1]]), "got a Map. Take its values: [...x.values()]."],
    ["a promise", Promise.resolve(1), "got a Promise. Await it first."],
    ["a function", () => 1, "got a function. Give a number, a (nested) array of numbers, a typed array or a Tensor."],
    ["records", [{ a: 1 }, { a: 2 }], "got an object with keys a at [0]"],
  ];
  test.each(kinds)("%s, observed", (_, value, expected) => {
    const message = tracing({ y: value, sigma });
    expect(message).toContain('sample site "y"');
    expect(message).toContain(expected);
  });
  test.each(kinds)("%s, as an argument", (_, value, expected) => {
    expect(tracing({ y, sigma: value })).toContain(`after sample site "theta": Normal: scale: `);
    expect(tracing({ y, sigma: value })).toContain(expected);
  });
});

test("a logarithm of data", () => {
  expect(complaint(() => logDensity(() => sample("x", dist.Normal(log([1, -1]), 1)), {}))).toContain(
    "Normal: loc must be a finite real number, got NaN at index [1]",
  );
});
