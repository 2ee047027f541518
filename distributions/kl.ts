/** Kullback–Leibler divergences in closed form. */
import { cholesky, diagonal, solveTriangular } from "../src/tensor/linalg.ts";
import {
  add,
  digamma,
  div,
  exp,
  lgamma,
  log,
  logSigmoid,
  mul,
  neg,
  sigmoid,
  square,
  sub,
  xlog1py,
  xlogy,
} from "../src/tensor/math.ts";
import { logsumexp, sum } from "../src/tensor/reduce.ts";
import { expandDims, squeeze } from "../src/tensor/shape.ts";
import { broadcastShapes, formatShape } from "../src/tensor/shapes.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { broadcastToShape, sumRight } from "./axes.ts";
import { EULER_GAMMA, gammaFunction, logBeta } from "./formulas.ts";
import { choleskyOfInverse } from "./multivariate/multivariateNormal.ts";
import type { Distribution } from "./types.ts";

type Args = Readonly<Record<string, Tensor>>;
type Rule = (p: Args, q: Args) => Tensor;

/** Σ of several terms. */
const total = (...terms: readonly Tensor[]): Tensor => terms.reduce((a, b) => add(a, b));

const normal: Rule = (p, q) => {
  const ratio = square(div(p.scale!, q.scale!));
  const shift = square(div(sub(p.loc!, q.loc!), q.scale!));
  return mul(0.5, sub(total(ratio, shift), add(log(ratio), 1)));
};

const gammaOf = (aP: Tensor, rP: Tensor, aQ: Tensor, rQ: Tensor): Tensor =>
  total(
    mul(sub(aP, aQ), digamma(aP)),
    sub(lgamma(aQ), lgamma(aP)),
    mul(aQ, sub(log(rP), log(rQ))),
    mul(aP, sub(div(rQ, rP), 1)),
  );

const beta: Rule = ({ concentration1: a, concentration0: b }, { concentration1: c, concentration0: d }) =>
  total(
    sub(logBeta(c!, d!), logBeta(a!, b!)),
    mul(sub(a!, c!), digamma(a!)),
    mul(sub(b!, d!), digamma(b!)),
    mul(sub(add(c!, d!), add(a!, b!)), digamma(add(a!, b!))),
  );

/** Probability, and logarithms of it and of its complement, from either argument. */
function coin({ probs, logits }: Args): { p: Tensor; logP: Tensor; logRest: Tensor } {
  if (logits !== undefined) return { p: sigmoid(logits), logP: logSigmoid(logits), logRest: logSigmoid(neg(logits)) };
  return { p: probs!, logP: log(probs!), logRest: log(sub(1, probs!)) };
}

/** Σ of p log(p / q) over the two outcomes of a coin, 0 log 0 being 0. */
const bernoulli: Rule = (p, q) => {
  const [a, b] = [coin(p), coin(q)];
  const rest = sub(1, a.p);
  const entropy = add(xlogy(a.p, a.p), xlog1py(rest, neg(a.p)));
  return sub(entropy, add(xlogy(a.p, exp(b.logP)), xlogy(rest, exp(b.logRest))));
};

const logWeights = ({ probs, logits }: Args): Tensor =>
  logits === undefined ? log(probs!) : sub(logits, logsumexp(logits, -1, { keepDims: true }));

const categorical: Rule = (p, q) => {
  const weights = exp(logWeights(p));
  return sum(sub(xlogy(weights, weights), xlogy(weights, exp(logWeights(q)))), -1);
};

const dirichlet: Rule = ({ concentration: a }, { concentration: b }) => {
  const [s, t] = [sum(a!, -1), sum(b!, -1)];
  return total(
    sub(lgamma(s), lgamma(t)),
    sum(sub(lgamma(b!), lgamma(a!)), -1),
    sum(mul(sub(a!, b!), sub(digamma(a!), expandDims(digamma(s), -1))), -1),
  );
};

const scaleTril = ({ scaleTril: l, covarianceMatrix, precisionMatrix }: Args): Tensor =>
  l ?? (covarianceMatrix === undefined ? choleskyOfInverse(precisionMatrix!) : cholesky(covarianceMatrix));

const multivariateNormal: Rule = (p, q) => {
  const [l, m] = [scaleTril(p), scaleTril(q)];
  const n = l.shape[l.rank - 1]!;
  const ratio = solveTriangular(m, l);
  const difference = broadcastToShape(sub(p.loc!, q.loc!), broadcastShapes(sub(p.loc!, q.loc!).shape, [n]));
  const shift = squeeze(solveTriangular(m, expandDims(difference, -1)), -1);
  const logDets = sum(sub(log(diagonal(m)), log(diagonal(l))), -1);
  return add(mul(0.5, sub(add(sumRight(square(ratio), 2), sum(square(shift), -1)), n)), logDets);
};

const weibullGamma: Rule = ({ scale, concentration: k }, { concentration: a, rate }) =>
  total(
    sub(lgamma(a!), mul(a!, log(mul(rate!, scale!)))),
    add(log(k!), mul(EULER_GAMMA, sub(div(a!, k!), 1))),
    sub(mul(mul(rate!, scale!), gammaFunction(add(1, div(1, k!)))), 1),
  );

/** Closed forms by the names of the two distributions. */
const RULES: Readonly<Record<string, Rule | undefined>> = {
  "Normal‖Normal": normal,
  "LogNormal‖LogNormal": normal,
  "HalfNormal‖HalfNormal": (p, q) => {
    const ratio = square(div(p.scale!, q.scale!));
    return mul(0.5, sub(ratio, add(log(ratio), 1)));
  },
  "Gamma‖Gamma": (p, q) => gammaOf(p.concentration!, p.rate!, q.concentration!, q.rate!),
  "InverseGamma‖InverseGamma": (p, q) => gammaOf(p.concentration!, p.rate!, q.concentration!, q.rate!),
  "Exponential‖Exponential": (p, q) => sub(add(sub(log(p.rate!), log(q.rate!)), div(q.rate!, p.rate!)), 1),
  "Beta‖Beta": beta,
  "Bernoulli‖Bernoulli": bernoulli,
  "Categorical‖Categorical": categorical,
  "Poisson‖Poisson": (p, q) => sub(xlogy(p.rate!, div(p.rate!, q.rate!)), sub(p.rate!, q.rate!)),
  "Dirichlet‖Dirichlet": dirichlet,
  "MultivariateNormal‖MultivariateNormal": multivariateNormal,
  "Weibull‖Gamma": weibullGamma,
};

/**
 * The Kullback–Leibler divergence E_p[log p − log q] in closed form, with the shape of the broadcast batches.
 *
 * Known: each of Normal, LogNormal, HalfNormal, Gamma, InverseGamma, Exponential, Beta, Bernoulli, Categorical, Poisson,
 * Dirichlet and MultivariateNormal against its own family, Weibull‖Gamma, Delta‖anything, and `toEvent` and `expand` of these.
 *
 * @throws TypeError for other pairs; RangeError if the event shapes differ.
 * @example
 * kl(Normal(0, 1), Normal(1, 1)).item();   // 0.5
 */
export function kl(p: Distribution, q: Distribution): Tensor {
  if (formatShape(p.eventShape) !== formatShape(q.eventShape)) {
    throw new RangeError(
      `kl: the event shapes differ, ${formatShape(p.eventShape)} of ${p.name} vs ${formatShape(q.eventShape)} of ${q.name}; ` +
        "compare distributions of the same thing (see toEvent and expand)",
    );
  }
  const batch = broadcastShapes(p.batchShape, q.batchShape);
  if (p.name === "Delta") return broadcastToShape(sub(p.args.logDensity!, q.logProb(p.args.v!)), batch);
  if (p.name === "Independent" && q.name === "Independent") {
    const n = p.eventShape.length - p.base!.eventShape.length;
    const m = q.eventShape.length - q.base!.eventShape.length;
    if (n === m) return sumRight(kl(p.base!, q.base!), n);
  }
  const rule = RULES[`${p.name}‖${q.name}`];
  if (rule === undefined) {
    throw new TypeError(
      `kl: no closed form is known for ${p.name} against ${q.name}. Estimate it: x = p.sample(key, [1000]), ` +
        "mean(sub(p.logProb(x), q.logProb(x)))",
    );
  }
  return broadcastToShape(rule(p.args, q.args), batch);
}
