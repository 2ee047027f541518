import { constraints, dist, log, ones, sample, stack, tensor } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Bushes {
  readonly N: number;
  readonly weight: readonly number[];
  readonly diam1: readonly number[];
  readonly diam2: readonly number[];
  readonly canopy_height: readonly number[];
  readonly total_height: readonly number[];
  readonly density: readonly number[];
  readonly group: readonly number[];
}

const model = (data: Bushes): void => {
  const beta = sample("beta", dist.ImproperUniform(constraints.real, [7]));
  const sigma = sample("sigma", dist.ImproperUniform(constraints.positive));
  const diam1 = tensor(data.diam1);
  const X = stack(
    [
      ones([data.weight.length]),
      log(diam1.mul(data.diam2).mul(data.canopy_height)),
      log(diam1.mul(data.diam2)),
      log(diam1.div(data.diam2)),
      log(data.total_height),
      log(data.density),
      data.group,
    ],
    1,
  );
  sample("log_weight", dist.Normal(X.matmul(beta), sigma), { obs: log(data.weight) });
};

export const mesquite: Posterior = posterior<Bushes>("mesquite-logmesquite_logvas", asIs, model);
