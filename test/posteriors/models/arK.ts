import { dist, matmul, sample, stack, tensor } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Series {
  readonly y: readonly number[];
  readonly K: number;
  readonly T: number;
}

const model = ({ y, K, T }: Series): void => {
  const alpha = sample("alpha", dist.Normal(0, 10));
  const beta = sample("beta", dist.Normal(0, 10).expand([K]));
  const sigma = sample("sigma", dist.HalfCauchy(2.5));
  const series = tensor(y);
  const lags = stack(
    Array.from({ length: K }, (_, k) => series.slice([K - 1 - k], [T - 1 - k])),
    1,
  );
  sample("y", dist.Normal(alpha.add(matmul(lags, beta)), sigma), { obs: series.slice([K], [T]) });
};

export const arK: Posterior = posterior<Series>("arK-arK", asIs, model);
