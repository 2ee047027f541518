import { constraints, dist, sample, scan, slice, sqrt, square, tensor } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Returns {
  readonly y: readonly number[];
  readonly sigma1: number;
}

const model = ({ y, sigma1 }: Returns): void => {
  const mu = sample("mu", dist.ImproperUniform(constraints.real));
  const alpha0 = sample("alpha0", dist.ImproperUniform(constraints.positive));
  const alpha1 = sample("alpha1", dist.ImproperUniform(constraints.unitInterval));
  const beta1 = sample("beta1", dist.ImproperUniform(constraints.interval(0, alpha1.neg().add(1))));
  const series = tensor(y);
  // The variance at each time, from the return and the variance before.
  const { ys: variance } = scan(
    (v, before) => {
      const here = alpha0.add(alpha1.mul(square(before.sub(mu)))).add(beta1.mul(v));
      return [here, here];
    },
    sigma1 ** 2,
    slice(series, [0], [-1]),
  );
  sample("y1", dist.Normal(mu, sigma1), { obs: y[0]! });
  sample("y", dist.Normal(mu, sqrt(variance)), { obs: slice(series, [1]) });
};

export const garch: Posterior = posterior<Returns>("garch-garch11", asIs, model);
