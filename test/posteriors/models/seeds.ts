import { dist, plate, sample, tensor } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Plates {
  readonly I: number;
  readonly n: readonly number[];
  readonly N: readonly number[];
  readonly x1: readonly number[];
  readonly x2: readonly number[];
}

const model = ({ I, n, N, x1, x2 }: Plates): void => {
  const alpha0 = sample("alpha0", dist.Normal(0, 1));
  const alpha1 = sample("alpha1", dist.Normal(0, 1));
  const alpha12 = sample("alpha12", dist.Normal(0, 1));
  const alpha2 = sample("alpha2", dist.Normal(0, 1));
  const sigma = sample("sigma", dist.HalfCauchy(1));
  plate("plate", I, () => {
    const b = sample("b", dist.Normal(0, sigma));
    const x12 = tensor(x1).mul(x2);
    const logits = alpha0.add(alpha1.mul(x1)).add(alpha2.mul(x2)).add(alpha12.mul(x12)).add(b);
    sample("n", dist.Binomial({ totalCount: N, logits }), { obs: n });
  });
};

export const seeds: Posterior = posterior<Plates>("seeds_data-seeds_stanified_model", asIs, model);
