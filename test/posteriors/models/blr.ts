import { dist, matmul, sample } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Data {
  readonly X: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly D: number;
}

const model = ({ X, y, D }: Data): void => {
  const beta = sample("beta", dist.Normal(0, 10).expand([D]));
  const sigma = sample("sigma", dist.HalfNormal(10));
  sample("y", dist.Normal(matmul(X, beta), sigma), { obs: y });
};

export const blr: Posterior = posterior<Data>("sblrc-blr", asIs, model);
