import { constraints, dist, factor, log, log1p, logaddexp, sample } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

const model = ({ y }: { readonly y: readonly number[] }): void => {
  const mu = sample("mu", dist.ImproperUniform(constraints.orderedVector, [], [2]));
  factor("mu_prior", dist.Normal(0, 2).logProb(mu));
  const sigma = sample("sigma", dist.HalfNormal(2).expand([2]));
  const theta = sample("theta", dist.Beta(5, 5));
  const first = log(theta).add(dist.Normal(mu.at(0), sigma.at(0)).logProb(y));
  const second = log1p(theta.neg()).add(dist.Normal(mu.at(1), sigma.at(1)).logProb(y));
  factor("y", logaddexp(first, second));
};

export const gaussMix: Posterior = posterior<{ readonly y: readonly number[] }>(
  "low_dim_gauss_mix-low_dim_gauss_mix",
  asIs,
  model,
);
