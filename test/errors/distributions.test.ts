/** Distributions called the wrong way. */
import { dist, sample } from "lapilli";
import { describe, expect, test } from "vitest";
import { complaint, wrong } from "./message.ts";

test("a constructor by habit", () => {
  const made = new (wrong(dist.Normal))(0, 1);
  expect(made.logProb(0).item()).toBe(dist.Normal(0, 1).logProb(0).item());
  expect(dist.isDistribution(made)).toBe(true);
  expect(dist.Normal.name).toBe("Normal");
});

describe("arguments", () => {
  test.each<[string, () => unknown, string]>([
    [
      "of another name",
      () => wrong(dist.Normal)({ mean: 0, sd: 1 }),
      'Normal: no argument "mean", "sd"; it takes (loc, scale, { validateArgs }?). Did you mean "loc", "scale"?',
    ],
    [
      "misspelt",
      () => wrong(dist.Normal)({ loc: 0, sclae: 1 }),
      'Normal: no argument "sclae"; it takes (loc, scale, { validateArgs }?). Did you mean "scale"?',
    ],
    ["too many", () => wrong(dist.Normal)(0, 1, 2), "Normal: takes (loc, scale, { validateArgs }?), got 3 arguments"],
    [
      "none",
      () => wrong(dist.Gamma)(),
      'Gamma: "concentration" is missing; it takes (concentration, rate, { validateArgs }?)',
    ],
    ["none of several", () => wrong(dist.Bernoulli)(), 'Bernoulli: one of "probs", "logits" is missing'],
    [
      "two of one kind",
      () => wrong(dist.Bernoulli)({ probs: 0.5, logits: 0 }),
      '"probs" and "logits" say the same thing; pass one of them',
    ],
    [
      "a number for a vector",
      () => dist.Dirichlet(1),
      "Dirichlet: concentration has to be a vector, got a single number. Give an array with one entry for each category or coordinate, like [1, 1].",
    ],
    [
      "a number for a simplex",
      () => dist.Categorical({ probs: 0.3 }),
      "Categorical: probs has to be a vector, got a single number.",
    ],
    [
      "undefined, without a default",
      () => wrong(dist.Gamma)(undefined, 1),
      "Gamma: concentration is undefined. Is a field missing from the data, or misspelt?",
    ],
    [
      "undefined, with a default",
      () => dist.Normal(0, undefined),
      "Normal: scale is undefined. Is a field missing from the data, or misspelt? Leave the argument out to get its default, 1.",
    ],
    ["undefined, by name", () => dist.Normal({ loc: 0, scale: undefined }), "Normal: scale is undefined."],
    ["undefined, one of several", () => dist.Bernoulli(undefined), "Bernoulli: probs is undefined."],
    [
      "a string",
      () => dist.Normal(wrong("0"), 1),
      'Normal: loc: A tensor was expected, got the string "0". Convert strings to numbers',
    ],
    ["a function", () => dist.Normal(wrong(Math.random), 1), "Normal: loc: A tensor was expected, got a function."],
    [
      "a distribution",
      () => dist.Normal(wrong(dist.Normal(0, 1)), 1),
      'Normal: loc: A tensor was expected, got a distribution (Normal). Draw from it first: sample("name", distribution).',
    ],
    [
      "of shapes that don't go together",
      () => dist.Normal([0, 0], [1, 1, 1]),
      "Normal: the shapes of the arguments don't broadcast: loc [2], scale [3]",
    ],
    [
      "a misspelt option",
      () => wrong(dist.Normal)(0, 1, { validate: false }),
      'Normal: unknown option "validate"; did you mean "validateArgs"?',
    ],
    [
      "an option of another kind",
      () => wrong(dist.Normal)(0, 1, { validateArgs: "no" }),
      'Normal: validateArgs has to be true or false, got the string "no"',
    ],
  ])("%s", (_, make, expected) => {
    expect(complaint(make)).toContain(expected);
  });

  test.each<[string, object, string]>([
    ["Poisson", { lambda: 3 }, '"rate"'],
    ["Bernoulli", { p: 0.5 }, '"probs"'],
    ["Binomial", { n: 3, p: 0.5 }, '"totalCount", "probs"'],
    ["Gamma", { shape: 1, rate: 2 }, '"concentration"'],
    ["Beta", { alpha: 1, beta: 2 }, '"concentration1", "concentration0"'],
    ["Uniform", { a: 1, b: 2 }, '"low", "high"'],
    ["StudentT", { nu: 4, sigma: 1 }, '"df", "scale"'],
    ["MultivariateNormal", { loc: 0, covariance: [[1]] }, '"covarianceMatrix"'],
    ["MultivariateNormal", { mu: 0, Sigma: [[1]] }, '"loc", "covarianceMatrix"'],
  ])("by the names of textbooks: %s %j", (family, args, meant) => {
    expect(complaint(() => wrong(dist)[family](args))).toContain(`. Did you mean ${meant}?`);
  });

  test("by names like nothing", () => {
    expect(complaint(() => wrong(dist.Gamma)({ concentration: 1, temperature: 2 }))).toBe(
      'Gamma: no argument "temperature"; it takes (concentration, rate, { validateArgs }?)',
    );
  });

  test("by name, after one by its place", () => {
    expect(complaint(() => wrong(dist.MultivariateNormal)(0, { covariance: [[1]] }))).toBe(
      'MultivariateNormal: unknown option "covariance"; did you mean the argument "covarianceMatrix"? Arguments by name go into one object with all others: MultivariateNormal({ loc: …, covarianceMatrix: … })',
    );
    expect(complaint(() => wrong(dist.Normal)(0, { scale: 1 }))).toBe(
      'Normal: unknown option "scale"; did you mean the argument "scale"? Arguments by name go into one object with all others: Normal({ loc: …, scale: … })',
    );
  });

  test("of which one is given", () => {
    expect(complaint(() => wrong(dist.MultivariateNormal)({ cov: [[1]] }))).toBe(
      'MultivariateNormal: no argument "cov"; it takes (loc, covarianceMatrix, precisionMatrix, scaleTril, { validateArgs }?) with one of covarianceMatrix, precisionMatrix, scaleTril. Did you mean "covarianceMatrix"?',
    );
  });

  test("are left out for their defaults, and undefined where another one is given", () => {
    expect(String(dist.Normal())).toBe("Normal(loc: 0, scale: 1)");
    expect(String(dist.Bernoulli(undefined, 0.5))).toBe("Bernoulli(logits: 0.5)");
    expect(String(dist.Bernoulli({ probs: 0.5, logits: undefined }))).toBe("Bernoulli(probs: 0.5)");
    expect(
      dist.MultivariateNormal(0, undefined, undefined, [
        [1, 0],
        [0, 1],
      ]).eventShape,
    ).toEqual([2]);
  });
});

describe("in a sample statement", () => {
  test.each<[string, unknown, string]>([
    ["its name", "Normal", 'got the string "Normal".'],
    ["the function that makes it", dist.Normal, "got a function (call it with its arguments?)."],
    ["a number", 3, "got 3."],
    ["nothing", undefined, "got undefined."],
  ])("%s instead of a distribution", (_, x, end) => {
    expect(complaint(() => sample("x", wrong(x)))).toBe(
      `sample site "x": the second argument has to be a distribution, like dist.Normal(0, 1), ${end}`,
    );
  });

  test("no name, or name and distribution exchanged", () => {
    const expected =
      "sample: the first argument has to be the site's name, a string that isn't empty, got a distribution (Normal).";
    expect(complaint(() => wrong(sample)(dist.Normal(0, 1)))).toBe(expected);
    expect(complaint(() => sample(wrong(dist.Normal(0, 1)), wrong("x")))).toBe(expected);
  });

  test("options", () => {
    expect(complaint(() => sample("x", dist.Normal(0, 1), wrong(3)))).toContain(
      'sample site "x": the last argument has to be an object of options, like { obs: … }; the fields are obs, mask, infer. It is 3.',
    );
    expect(complaint(() => sample("x", dist.Normal(0, 1), wrong({ observed: 3 })))).toContain(
      'sample site "x": unknown option "observed"; did you mean "obs"?',
    );
    expect(complaint(() => sample("x", dist.Normal(0, 1), { obs: 1, mask: wrong("yes") }))).toContain(
      'sample site "x": mask: A tensor was expected, got the string "yes"',
    );
  });
});

test("keys", () => {
  expect(complaint(() => dist.Normal(0, 1).sample(wrong(0)))).toContain(
    "must be a Key, got 0. Make one from a seed: key(0).",
  );
});

test("events that aren't there, values of another shape", () => {
  expect(complaint(() => dist.Normal(0, 1).toEvent(1))).toContain(
    "Normal: toEvent(1) needs 1 batch axis, but the batch shape is []",
  );
  expect(complaint(() => dist.Normal([0, 0], 1).logProb([1, 2, 3]))).toContain(
    "Normal.logProb: the value has shape [3], which doesn't broadcast with the batch shape [2]",
  );
});
