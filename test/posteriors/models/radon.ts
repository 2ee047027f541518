import { deterministic, dist, plate, sample, take } from "lapilli";
import { type Posterior, posterior } from "../posterior.ts";

interface Homes {
  readonly counties: number;
  /** Zero-based. */
  readonly county: readonly number[];
  readonly logUranium: readonly number[];
  readonly floor: readonly number[];
  readonly logRadon: readonly number[];
}

const model = ({ counties, county, logUranium, floor, logRadon }: Homes): void => {
  const raw = plate("county", counties, () => sample("alpha_raw", dist.Normal(0, 1)));
  const beta = sample("beta", dist.Normal(0, 10).expand([2]));
  const mu = sample("mu_alpha", dist.Normal(0, 10));
  const spread = sample("sigma_alpha", dist.HalfNormal(1));
  const sigma = sample("sigma_y", dist.HalfNormal(1));
  const alpha = deterministic("alpha", mu.add(spread.mul(raw)));
  const expected = take(alpha, county).add(beta.at(0).mul(logUranium)).add(beta.at(1).mul(floor));
  plate("home", county.length, () => sample("log_radon", dist.Normal(expected, sigma), { obs: logRadon }));
};

export const radon: Posterior = posterior<Homes>(
  "radon_mn-radon_hierarchical_intercept_noncentered",
  (json) => ({
    counties: json.J as number,
    county: (json.county_idx as number[]).map((i) => i - 1),
    logUranium: json.log_uppm as number[],
    floor: json.floor_measure as number[],
    logRadon: json.log_radon as number[],
  }),
  model,
);
