/** Densities whose moments are known, written by hand. Workers import this file by its address. */
import type { Density } from "../../inference/mcmc/density.ts";

export const targetsModule: string = import.meta.url;

/** A density from its value and the entries of its gradient. */
export const densityFrom = (
  dim: number,
  value: (x: Float64Array) => number,
  gradient: (x: Float64Array, i: number) => number,
): Density => ({
  dim,
  valueAndGrad(x, grad) {
    for (let i = 0; i < dim; i++) grad[i] = gradient(x, i);
    return value(x);
  },
});

/** Independent normals with mean zero and the given standard deviations. */
export function normals(scales: readonly number[]): Density {
  const dim = scales.length;
  const precision = Float64Array.from(scales, (s) => 1 / (s * s));
  return {
    dim,
    valueAndGrad(x, grad) {
      let sum = 0;
      for (let i = 0; i < dim; i++) {
        const g = -precision[i] * x[i];
        grad[i] = g;
        sum += g * x[i];
      }
      return 0.5 * sum;
    },
  };
}

export const standardNormal = (dim: number): Density => normals(new Array<number>(dim).fill(1));

/** Two standard normals with correlation rho. */
export function correlatedNormal(rho: number): Density {
  const k = 1 / (1 - rho * rho);
  return {
    dim: 2,
    valueAndGrad(x, grad) {
      grad[0] = -k * (x[0] - rho * x[1]);
      grad[1] = -k * (x[1] - rho * x[0]);
      return 0.5 * (grad[0] * x[0] + grad[1] * x[1]);
    },
  };
}

const Y = [28, 8, -3, 7, -1, 1, 18, 12];
const SIGMA = [15, 10, 16, 11, 9, 11, 10, 18];

/** Eight schools, non-centred: eight standardised effects, mu, log tau; mu ~ N(0, 5), tau ~ half-Cauchy(5). */
export function eightSchools(): Density {
  return {
    dim: 10,
    valueAndGrad(x, grad) {
      const mu = x[8];
      const tau = Math.exp(x[9]);
      let lp = -mu * mu * 0.02;
      let dMu = -mu * 0.04;
      let dTau = 0;
      for (let i = 0; i < 8; i++) {
        const precision = 1 / (SIGMA[i] * SIGMA[i]);
        const residual = Y[i] - mu - tau * x[i];
        const score = residual * precision;
        lp -= 0.5 * (x[i] * x[i] + residual * score);
        grad[i] = tau * score - x[i];
        dMu += score;
        dTau += score * x[i];
      }
      const q = (tau * tau) / 25;
      grad[8] = dMu;
      grad[9] = tau * dTau + 1 - (2 * q) / (1 + q);
      return lp - Math.log1p(q) + x[9];
    },
  };
}

/** A standard normal cut off below `low` by a log density of -Infinity. */
export function truncatedNormal(low: number): Density {
  return {
    dim: 1,
    valueAndGrad(x, grad) {
      grad[0] = -x[0];
      return x[0] < low ? -Infinity : -0.5 * x[0] * x[0];
    },
  };
}

/** Neal's funnel in `dim` dimensions: v ~ N(0, 3), x ~ N(0, exp(v / 2)). */
export function funnel(dim: number): Density {
  return {
    dim,
    valueAndGrad(x, grad) {
      const v = x[0];
      const w = Math.exp(-v);
      let sum = 0;
      for (let i = 1; i < dim; i++) {
        sum += x[i] * x[i];
        grad[i] = -w * x[i];
      }
      grad[0] = -v / 9 + 0.5 * w * sum - 0.5 * (dim - 1);
      return -(v * v) / 18 - 0.5 * w * sum - 0.5 * (dim - 1) * v;
    },
  };
}

/** A standard normal whose evaluation throws after a number of calls. */
export function breaking(calls: number): Density {
  const target = standardNormal(2);
  let left = calls;
  return {
    dim: 2,
    valueAndGrad(x, grad) {
      if (left-- <= 0) throw new RangeError("the tank is empty");
      return target.valueAndGrad(x, grad);
    },
  };
}

/** A standard normal that takes at least the given time per evaluation. */
export function slow(microseconds: number): Density {
  const target = standardNormal(3);
  return {
    dim: 3,
    valueAndGrad(x, grad) {
      const end = performance.now() + microseconds / 1000;
      while (performance.now() < end) {}
      return target.valueAndGrad(x, grad);
    },
  };
}

/** Mean of a series and its standard error by batch means, which allows for autocorrelation. */
export function batchMean(values: ArrayLike<number>, batches = 40): { mean: number; error: number } {
  const size = Math.floor(values.length / batches);
  const means = Array.from({ length: batches }, (_, b) => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += values[b * size + i];
    return sum / size;
  });
  const mean = means.reduce((a, b) => a + b, 0) / batches;
  const variance = means.reduce((a, m) => a + (m - mean) ** 2, 0) / (batches - 1);
  return { mean, error: Math.sqrt(variance / batches) };
}

/** A normal that kills its thread some time after it was made. */
export function failsLater(milliseconds: number): Density {
  setTimeout(() => {
    throw new Error("too late");
  }, milliseconds);
  return normals([1]);
}
