import { constraints, dist, sample, tensor } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Children {
  readonly kid_score: readonly number[];
  readonly mom_hs: readonly number[];
  readonly mom_iq: readonly number[];
}

const model = ({ kid_score, mom_hs, mom_iq }: Children): void => {
  const b = sample("beta", dist.ImproperUniform(constraints.real, [4]));
  const sigma = sample("sigma", dist.HalfCauchy(2.5));
  const [hs, iq] = [tensor(mom_hs), tensor(mom_iq)];
  const mu = b.at(0).add(b.at(1).mul(hs)).add(b.at(2).mul(iq)).add(b.at(3).mul(hs).mul(iq));
  sample("kid_score", dist.Normal(mu, sigma), { obs: kid_score });
};

export const kidscore: Posterior = posterior<Children>("kidiq-kidscore_interaction", asIs, model);
