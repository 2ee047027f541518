import { constraints, dist, matmul, sample, stack, tensor } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Wells {
  readonly switched: readonly number[];
  readonly dist: readonly number[];
  readonly arsenic: readonly number[];
  readonly educ: readonly number[];
}

const centre = (x: readonly number[]): ReturnType<typeof tensor> => tensor(x).sub(tensor(x).mean());

const model = (wells: Wells): void => {
  const alpha = sample("alpha", dist.ImproperUniform(constraints.real));
  const beta = sample("beta", dist.ImproperUniform(constraints.real, [6]));
  const d = centre(wells.dist).div(100);
  const a = centre(wells.arsenic);
  const e = centre(wells.educ).div(4);
  const X = stack([d, a, e, d.mul(a), d.mul(e), a.mul(e)], 1);
  sample("switched", dist.Bernoulli({ logits: alpha.add(matmul(X, beta)) }), { obs: wells.switched });
};

export const wells: Posterior = posterior<Wells>("wells_data-wells_dae_inter_model", asIs, model);
