import { dist, exp, sample, tensor } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Counts {
  readonly C: readonly number[];
  readonly year: readonly number[];
}

const model = ({ C, year }: Counts): void => {
  const alpha = sample("alpha", dist.Uniform(-20, 20));
  const beta1 = sample("beta1", dist.Uniform(-10, 10));
  const beta2 = sample("beta2", dist.Uniform(-10, 10));
  const beta3 = sample("beta3", dist.Uniform(-10, 10));
  const t = tensor(year);
  const logRate = alpha
    .add(beta1.mul(t))
    .add(beta2.mul(t.square()))
    .add(beta3.mul(t.pow(3)));
  sample("C", dist.Poisson(exp(logRate)), { obs: C });
};

export const glmPoisson: Posterior = posterior<Counts>("GLM_Poisson_Data-GLM_Poisson_model", asIs, model);
