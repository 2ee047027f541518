import { dist, div, exp, factor, pow, sample, take } from "lapilli";
import { type Posterior, posterior } from "../posterior.ts";

interface Mice {
  readonly groups: number;
  readonly died: { readonly group: readonly number[]; readonly time: readonly number[] };
  readonly censored: { readonly group: readonly number[]; readonly time: readonly number[] };
}

const model = ({ groups, died, censored }: Mice): void => {
  const r = sample("r", dist.Exponential(0.001));
  const beta = sample("beta", dist.Normal(0, 100).expand([groups]));
  const scale = exp(beta.neg().div(r));
  sample("time", dist.Weibull(take(scale, died.group), r), { obs: died.time });
  // Still alive: the survival function exp(−(t / scale)^r).
  factor("censored", pow(div(censored.time, take(scale, censored.group)), r).neg());
};

const zeroBased = (groups: unknown): number[] => (groups as number[]).map((g) => g - 1);

export const miceWeibull: Posterior = posterior<Mice>(
  "mice_weibull",
  (json) => ({
    groups: json.M as number,
    died: { group: zeroBased(json.group_uncensored), time: json.t_uncensored as number[] },
    censored: { group: zeroBased(json.group_censored), time: json.censor_time as number[] },
  }),
  model,
);
