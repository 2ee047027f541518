/**
 * Small posteriors whose answers are known: by conjugacy, or by one-dimensional quadrature. Their log densities are
 * written out a second time in plain numbers.
 */
import { constraints, dist, factor, matmul, plate, sample, take } from "lapilli";
import { quadrature } from "./quadrature.ts";
import type { Moments, MomentsByName } from "./references.ts";

export interface Solvable {
  readonly name: string;
  readonly dim: number;
  readonly model: () => void;
  /** On the unconstrained scale with the log-Jacobians, up to a constant. */
  readonly logDensity: (x: readonly number[]) => number;
  readonly moments: MomentsByName;
}

const { exp, log, sqrt } = Math;
const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
const sigmoid = (x: number): number => 1 / (1 + exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(exp(-Math.abs(x)));
const square = (x: number): number => x * x;
/** Log density of a normal without its constant. */
const normal = (x: number, mean: number, sd: number): number => -0.5 * square((x - mean) / sd) - log(sd);
const gaussian = (mean: number, sd: number): Moments => ({
  mean,
  sd,
  q5: mean - 1.6448536269514722 * sd,
  q50: mean,
  q95: mean + 1.6448536269514722 * sd,
});
const beta = (a: number, b: number): Moments =>
  quadrature((p) => (a - 1) * log(p) + (b - 1) * log(1 - p), 1e-9, 1 - 1e-9);

const heights = [171.2, 168.4, 180.1, 175.5, 165.9, 178.3, 172.7];

/** A normal mean with known spread: precisions add. */
const normalMean: Solvable = {
  name: "normal mean, normal prior",
  dim: 1,
  model: () => {
    const mu = sample("mu", dist.Normal(160, 10));
    plate("person", heights.length, () => sample("y", dist.Normal(mu, 6), { obs: heights }));
  },
  logDensity: ([mu]) => normal(mu!, 160, 10) + sum(heights.map((y) => normal(y, mu!, 6))),
  moments: (() => {
    const precision = 1 / 100 + heights.length / 36;
    return { mu: gaussian((160 / 100 + sum(heights) / 36) / precision, sqrt(1 / precision)) };
  })(),
};

/** Laplace's sunrise with a beta prior. */
const betaBinomial: Solvable = {
  name: "binomial probability, beta prior",
  dim: 1,
  model: () => {
    const p = sample("p", dist.Beta(2, 3));
    sample("successes", dist.Binomial({ totalCount: [10, 15], probs: p }), { obs: [7, 9] });
  },
  logDensity: ([x]) => (2 + 16) * -softplus(-x!) + (3 + 9) * -softplus(x!),
  moments: { p: beta(18, 12) },
};

const goals = [0, 2, 1, 3, 1, 0, 2, 4];

const gammaPoisson: Solvable = {
  name: "Poisson rate, gamma prior",
  dim: 1,
  model: () => {
    const rate = sample("rate", dist.Gamma(3, 2));
    plate("match", goals.length, () => sample("goals", dist.Poisson(rate), { obs: goals }));
  },
  logDensity: ([x]) => (3 + sum(goals)) * x! - (2 + goals.length) * exp(x!),
  moments: { rate: quadrature((r) => (2 + sum(goals)) * log(r) - (2 + goals.length) * r, 1e-9, 10) },
};

const counts = [3, 0, 5, 2];

/** The marginals of a Dirichlet are beta distributions. */
const dirichlet: Solvable = {
  name: "categorical probabilities, Dirichlet prior",
  dim: 3,
  model: () => {
    const p = sample("p", dist.Dirichlet([1, 1, 1, 1]));
    const outcomes = counts.flatMap((n, k) => new Array<number>(n).fill(k));
    plate("trial", outcomes.length, () => sample("outcome", dist.Categorical({ probs: p }), { obs: outcomes }));
  },
  // Stick-breaking: each logit is relative to an even split of what is left.
  logDensity: (x) => {
    let left = 1;
    let total = 0;
    x.forEach((xk, k) => {
      const share = sigmoid(xk - log(3 - k));
      total += counts[k]! * log(left * share) + log(left * share * (1 - share));
      left *= 1 - share;
    });
    return total + counts[3]! * log(left);
  },
  moments: Object.fromEntries(counts.map((n, k) => [`p[${k}]`, beta(1 + n, 3 + sum(counts) - n)])),
};

const doses = [-0.86, -0.3, -0.05, 0.73];
const deaths = [0, 1, 3, 5];

/** Racine et al. (1986), slope only: nothing conjugate, one dimension. */
const logisticSlope: Solvable = (() => {
  const logDensity = (b: number): number =>
    normal(b, 0, 5) + sum(doses.map((d, i) => deaths[i]! * b * d - 5 * softplus(b * d)));
  return {
    name: "logistic slope, normal prior",
    dim: 1,
    model: () => {
      const b = sample("b", dist.Normal(0, 5));
      sample("deaths", dist.Binomial({ totalCount: 5, logits: b.mul(doses) }), { obs: deaths });
    },
    logDensity: ([b]) => logDensity(b!),
    moments: { b: quadrature(logDensity, -20, 40) },
  };
})();

/** Forbes (1857), first rows: boiling point in °F against log pressure, centred. */
const boiling = {
  x: [-8.5, -8.7, -4.9, -3.7, -1.5, -0.9, 0.1, 1.2, 5.6, 8.1, 13.3],
  y: [131.79, 131.79, 135.02, 135.55, 136.46, 136.83, 137.82, 138.0, 141.81, 145.22, 148.5],
};

/**
 * Regression with flat priors on the coefficients and on σ: the coefficients are t with n − 3 degrees of freedom, and σ
 * has density σ^(2−n) exp(−S/2σ²), where S is the residual sum of squares.
 */
const regression: Solvable = (() => {
  const { x, y } = boiling;
  const n = x.length;
  const [sx, sxx, sy, sxy] = [sum(x), sum(x.map(square)), sum(y), sum(x.map((v, i) => v * y[i]!))];
  const det = n * sxx - sx * sx;
  const slope = (n * sxy - sx * sy) / det;
  const intercept = (sy - slope * sx) / n;
  const residual = sum(x.map((v, i) => square(y[i]! - intercept - slope * v)));
  const df = n - 3;
  const studentT = (centre: number, unscaled: number): Moments => {
    const scale = sqrt((residual / df) * unscaled);
    return quadrature(
      (b) => -0.5 * (df + 1) * Math.log1p(square((b - centre) / scale) / df),
      centre - 60 * scale,
      centre + 60 * scale,
      60_001,
    );
  };
  return {
    name: "regression with unknown spread, flat priors",
    dim: 3,
    model: () => {
      const b = sample("b", dist.ImproperUniform(constraints.real, [2]));
      const sigma = sample("sigma", dist.ImproperUniform(constraints.positive));
      const X = x.map((v) => [1, v]);
      sample("y", dist.Normal(matmul(X, b), sigma), { obs: y });
    },
    logDensity: ([a, b, s]) => s! + sum(x.map((v, i) => normal(y[i]!, a! + b! * v, exp(s!)))),
    moments: {
      "b[0]": studentT(intercept, sxx / det),
      "b[1]": studentT(slope, n / det),
      sigma: quadrature((s) => (2 - n) * log(s) - residual / (2 * s * s), 1e-3, 6),
    },
  };
})();

/** The smaller and the larger of two standard normals: means ∓1/√π. */
const ordered: Solvable = {
  name: "ordered pair of standard normals",
  dim: 2,
  model: () => {
    const pair = sample("pair", dist.ImproperUniform(constraints.orderedVector, [], [2]));
    factor("normal", dist.Normal(0, 1).logProb(pair));
  },
  logDensity: ([a, b]) => normal(a!, 0, 1) + normal(a! + exp(b!), 0, 1) + b!,
  moments: {
    "pair[0]": { mean: -1 / sqrt(Math.PI), sd: sqrt(1 - 1 / Math.PI) },
    "pair[1]": { mean: 1 / sqrt(Math.PI), sd: sqrt(1 - 1 / Math.PI) },
  },
};

/** A normal cut off on both sides. */
const interval: Solvable = {
  name: "normal mean within an interval",
  dim: 1,
  model: () => {
    const mu = sample("mu", dist.Uniform(-1, 2));
    plate("row", 2, () => sample("y", dist.Normal(mu, 1.5), { obs: [1.8, 2.4] }));
  },
  logDensity: ([x]) => {
    const mu = -1 + 3 * sigmoid(x!);
    return normal(mu, 2.1, 1.5 / sqrt(2)) - softplus(x!) - softplus(-x!);
  },
  moments: { mu: quadrature((m) => normal(m, 2.1, 1.5 / sqrt(2)), -1, 2) },
};

/** Two correlated effects, each observed once: a Gaussian process at two points. */
const correlated: Solvable = (() => {
  const [rho, noise, y] = [0.8, 0.5, [1, -0.4]];
  // K (K + s² I)⁻¹ y and K − K (K + s² I)⁻¹ K along the eigenvectors (1, 1) and (1, −1).
  const [plus, minus] = [1 + rho, 1 - rho];
  const shrink = (k: number): number => k / (k + noise * noise);
  const spread = (k: number): number => k * (1 - shrink(k));
  const [u, v] = [(shrink(plus) * (y[0]! + y[1]!)) / 2, (shrink(minus) * (y[0]! - y[1]!)) / 2];
  const sd = sqrt((spread(plus) + spread(minus)) / 2);
  return {
    name: "correlated normal effects",
    dim: 2,
    model: () => {
      const K = [
        [1, rho],
        [rho, 1],
      ];
      const f = sample("f", dist.MultivariateNormal({ loc: 0, covarianceMatrix: K }));
      sample("y", dist.Normal(f, noise), { obs: y });
    },
    logDensity: ([a, b]) =>
      (-0.5 * (a! * a! + b! * b! - 2 * rho * a! * b!)) / (1 - rho * rho) +
      normal(y[0]!, a!, noise) +
      normal(y[1]!, b!, noise),
    moments: { "f[0]": gaussian(u + v, sd), "f[1]": gaussian(u - v, sd) },
  };
})();

/** Group means with known spreads, several observations a group: `take` on the way there, a scatter on the way back. */
const groups: Solvable = (() => {
  const group = [0, 2, 1, 0, 2, 2];
  const y = [1.2, -0.3, 2.2, 0.7, 0.1, -0.8];
  const posterior = (g: number): Moments => {
    const own = y.filter((_, i) => group[i] === g);
    const precision = 1 / 4 + own.length;
    return gaussian(sum(own) / precision, sqrt(1 / precision));
  };
  return {
    name: "group means, normal priors",
    dim: 3,
    model: () => {
      const means = sample("means", dist.Normal(0, 2).expand([3]));
      sample("y", dist.Normal(take(means, group), 1), { obs: y });
    },
    logDensity: (m) => sum(m.map((v) => normal(v, 0, 2))) + sum(y.map((v, i) => normal(v, m[group[i]!]!, 1))),
    moments: { "means[0]": posterior(0), "means[1]": posterior(1), "means[2]": posterior(2) },
  };
})();

export const solvable: readonly Solvable[] = [
  normalMean,
  betaBinomial,
  gammaPoisson,
  dirichlet,
  logisticSlope,
  regression,
  ordered,
  interval,
  correlated,
  groups,
];
