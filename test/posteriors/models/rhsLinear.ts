import { constraints, deterministic, dist, div, factor, matmul, sample, sqrt, square } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Data {
  readonly d: number;
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly scale_icept: number;
  readonly scale_global: number;
  readonly nu_global: number;
  readonly nu_local: number;
  readonly slab_scale: number;
  readonly slab_df: number;
}

/** The regularised horseshoe of Piironen & Vehtari (2017). */
const model = ({ d, x, y, scale_icept, scale_global, nu_global, nu_local, slab_scale, slab_df }: Data): void => {
  const beta0 = sample("beta0", dist.Normal(0, scale_icept));
  const z = sample("z", dist.Normal(0, 1).expand([d]));
  const tau = sample("tau", dist.ImproperUniform(constraints.positive));
  factor("tau_prior", dist.StudentT(nu_global, 0, 2 * scale_global).logProb(tau));
  const lambda = sample("lambda", dist.ImproperUniform(constraints.positive, [d]));
  factor("lambda_prior", dist.StudentT(nu_local, 0, 1).logProb(lambda));
  const caux = sample("caux", dist.InverseGamma(0.5 * slab_df, 0.5 * slab_df));
  const sigma = sample("sigma", dist.HalfNormal(2));
  const c2 = caux.mul(slab_scale ** 2);
  const lambda2 = square(lambda);
  const shrunk = sqrt(div(c2.mul(lambda2), c2.add(square(tau).mul(lambda2))));
  const beta = deterministic("beta", z.mul(shrunk).mul(tau));
  sample("y", dist.Normal(beta0.add(matmul(x, beta)), sigma), { obs: y });
};

export const rhsLinear: Posterior = posterior<Data>("rhs_linear", asIs, model);
