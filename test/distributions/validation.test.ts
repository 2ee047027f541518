import { describe, expect, it } from "vitest";
import {
  Bernoulli,
  Beta,
  Categorical,
  checkSupport,
  Dirichlet,
  Exponential,
  Gamma,
  MultivariateNormal,
  Normal,
  Poisson,
  Uniform,
} from "../../distributions/index.ts";
import { grad } from "../../src/autodiff/grad.ts";
import { asTensor, type Tensor } from "../../src/tensor/tensor.ts";

describe("arguments outside their constraints", () => {
  it.each([
    [
      () => Normal(0, [1, 2, -1]),
      'Normal: scale must be positive, got -1 at index [2] (argument "scale", shape [3]). Make it positive with exp or softplus, or pass { validateArgs: false } to skip this check.',
    ],
    [
      () => Normal(Number.NaN, 1),
      'Normal: loc must be a finite real number, got NaN (argument "loc", shape []). Is a value missing from the data?',
    ],
    [
      () => Bernoulli(1.2),
      'Bernoulli: probs must be between 0 and 1, got 1.2 (argument "probs", shape []). Map it into [0, 1] with sigmoid, or pass logits instead',
    ],
    [() => Uniform(1, [3, 0.5]), "Uniform: high must be greater than 1, got 0.5 at index [1]"],
    [
      () =>
        Categorical([
          [0.5, 0.5],
          [0.5, 0.6],
        ]),
      'Categorical: probs must be a simplex (nonnegative entries with sum 1), got [0.5, 0.6] at index [1] (argument "probs", shape [2, 2])',
    ],
    [() => Dirichlet([1, 0]), "Dirichlet: concentration must be positive, got [1, 0]"],
    [
      () =>
        MultivariateNormal({
          covarianceMatrix: [
            [1, 2],
            [2, 1],
          ],
        }),
      "MultivariateNormal: covarianceMatrix must be symmetric and positive definite, got [1, 2, 2, 1] (row by row, shape [2, 2])",
    ],
    [
      () =>
        MultivariateNormal({
          scaleTril: [
            [1, 1],
            [0, 1],
          ],
        }),
      "scaleTril must be a lower triangular matrix with a positive diagonal",
    ],
    [() => Gamma({ concentration: 0 }), "Gamma: concentration must be positive, got 0"],
  ])("%s", (make, message) => {
    expect(make).toThrow(message);
  });

  it("aren't looked at when told so", () => {
    expect(Number.isNaN(Normal(0, -1, { validateArgs: false }).logProb(0).item())).toBe(true);
  });
});

describe("checkSupport", () => {
  it("names the site, the first value outside, and the support", () => {
    expect(() => checkSupport(Beta(1, 1), [0.2, 1.5], "y")).toThrow(
      'site "y": 1 of 2 values is outside the support of Beta(concentration1: 1, concentration0: 1): 1.5 at index [1] (shape [2]) is not between 0 and 1. Check the data, or choose a distribution whose support contains them',
    );
    expect(() =>
      checkSupport(
        Poisson([1, 2]),
        [
          [1, 2],
          [0.5, -1],
        ],
        "n",
      ),
    ).toThrow("2 of 4 values are outside the support of Poisson(rate: tensor[2]): 0.5 at index [1, 0]");
    expect(() => checkSupport(Bernoulli(0.5), 2)).toThrow(
      "Bernoulli: 1 of 1 value is outside the support of Bernoulli(probs: 0.5): 2 (shape []) is not 0 or 1",
    );
    expect(() =>
      checkSupport(
        Dirichlet([1, 1]),
        [
          [0.5, 0.5],
          [0.5, 0.6],
        ],
        "p",
      ),
    ).toThrow("[0.5, 0.6] at index [1] (shape [2, 2]) is not a simplex");
    expect(() => checkSupport(Exponential(1).expand([2]).toEvent(1), [1, -1], "t")).toThrow(
      'site "t": 1 of 1 value is outside the support of Independent',
    );
  });

  it("has a message of its own for missing values", () => {
    expect(() => checkSupport(Normal(0, 1), [1, Number.NaN, Number.NaN], "y")).toThrow(
      'site "y": 2 of 3 values are NaN, the first at index [1] (shape [3]). Drop missing values, treat them as latent, or leave them out with a mask: distribution.mask(isFinite(y))',
    );
    expect(() => Normal(0, 1).checkObservation(Number.NaN, "y")).toThrow('site "y": 1 of 1 values is NaN');
  });

  it("checks the event shape", () => {
    expect(() => checkSupport(Dirichlet([1, 1, 1]), [0.5, 0.5], "p")).toThrow(
      'site "p": the value has shape [2], but the rightmost axes of a value of Dirichlet have the event shape [3]',
    );
  });

  it("passes what is masked, and what is traced", () => {
    checkSupport(Exponential(1).mask([true, false]), [1, Number.NaN], "y");
    checkSupport(Exponential(1).mask([true, false]).toEvent(1), [1, -1], "y");
    expect(() => checkSupport(Exponential(1).mask([true, false]), [-1, 1], "y")).toThrow("-1 at index [0]");
    const f = (high: Tensor): Tensor => {
      checkSupport(Uniform(0, high), [0.5], "u");
      return Uniform(0, high).logProb(0.5);
    };
    expect(grad<Tensor>(f)(asTensor(2)).item()).toBe(-0.5);
  });
});
