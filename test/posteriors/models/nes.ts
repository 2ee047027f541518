import { constraints, dist, equal, ones, sample, stack } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Voters {
  readonly N: number;
  readonly partyid7: readonly number[];
  readonly real_ideo: readonly number[];
  readonly race_adj: readonly number[];
  readonly age_discrete: readonly number[];
  readonly educ1: readonly number[];
  readonly gender: readonly number[];
  readonly income: readonly number[];
}

const model = (v: Voters): void => {
  const beta = sample("beta", dist.ImproperUniform(constraints.real, [9]));
  const sigma = sample("sigma", dist.ImproperUniform(constraints.positive));
  const ages = [2, 3, 4].map((age) => equal(v.age_discrete, age));
  const X = stack([ones([v.N]), v.real_ideo, v.race_adj, ...ages, v.educ1, v.gender, v.income], 1);
  sample("partyid7", dist.Normal(X.matmul(beta), sigma), { obs: v.partyid7 });
};

export const nes: Posterior = posterior<Voters>("nes1980-nes", asIs, model);
