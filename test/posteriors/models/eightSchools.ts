import { deterministic, dist, plate, sample } from "lapilli";
import { asIs, type Posterior, posterior, type StanData } from "../posterior.ts";

interface Schools {
  readonly y: readonly number[];
  readonly sigma: readonly number[];
}

const model = ({ y, sigma }: Schools): void => {
  const z = plate("school", y.length, () => sample("theta_trans", dist.Normal(0, 1)));
  const mu = sample("mu", dist.Normal(0, 5));
  const tau = sample("tau", dist.HalfCauchy(5));
  const theta = deterministic("theta", mu.add(tau.mul(z)));
  sample("y", dist.Normal(theta, sigma), { obs: y });
};

/** Rubin (1981), as in Gelman et al., Bayesian Data Analysis, section 5.5. */
const schools = (): StanData => ({ y: [28, 8, -3, 7, -1, 1, 18, 12], sigma: [15, 10, 16, 11, 9, 11, 10, 18] });

export const eightSchools: Posterior = posterior<Schools>(
  "eight_schools-eight_schools_noncentered",
  asIs,
  model,
  schools,
);
