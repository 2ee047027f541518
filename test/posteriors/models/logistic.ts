import { dist, matmul, sample } from "lapilli";
import { asIs, type Posterior, posterior, type StanData } from "../posterior.ts";

interface Data {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

const model = ({ x, y }: Data): void => {
  const alpha = sample("alpha", dist.Normal(0, 2.5));
  const beta = sample("beta", dist.Normal(0, 1).expand([x[0]!.length]));
  sample("y", dist.Bernoulli({ logits: alpha.add(matmul(x, beta)) }), { obs: y });
};

/** Correlated columns and a response, from a linear congruential generator and sums of uniforms: the same bits everywhere. */
export function logisticData(n = 1000, d = 20): StanData {
  let state = 20261124;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const sumOfTwelve = (from: number): number => {
    let total = from;
    for (let k = 0; k < 12; k++) total += uniform();
    return total;
  };
  const roughlyNormal = (): number => sumOfTwelve(-6);
  const beta = Array.from({ length: d }, () => 0.7 * roughlyNormal());
  const x: number[][] = [];
  const y: number[] = [];
  for (let i = 0; i < n; i++) {
    const z = Array.from({ length: d }, roughlyNormal);
    const row = z.map((v, j) => (j > 0 ? 0.5 * z[j - 1]! + 0.8660254037844386 * v : v));
    let eta = 0.4;
    for (let j = 0; j < d; j++) eta += beta[j]! * row[j]!;
    x.push(row);
    y.push(eta > 1.7 * (sumOfTwelve(0) - 6) ? 1 : 0);
  }
  return { x, y };
}

export const logistic: Posterior = posterior<Data>("logistic_1000_20", asIs, model, logisticData);
