import { constraints, dist, log, sample, tensor } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Earners {
  readonly earn: readonly number[];
  readonly height: readonly number[];
  readonly male: readonly number[];
}

const model = ({ earn, height, male }: Earners): void => {
  const b = sample("beta", dist.ImproperUniform(constraints.real, [4]));
  const sigma = sample("sigma", dist.ImproperUniform(constraints.positive));
  const interaction = tensor(height).mul(male);
  const mu = b.at(0).add(b.at(1).mul(height)).add(b.at(2).mul(male)).add(b.at(3).mul(interaction));
  sample("log_earn", dist.Normal(mu, sigma), { obs: log(earn) });
};

export const logearn: Posterior = posterior<Earners>("earnings-logearn_interaction", asIs, model);
