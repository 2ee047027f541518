import { constraints, dist, factor, log, odeint, sample, slice, stack } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Pelts {
  readonly ts: readonly number[];
  readonly y_init: readonly number[];
  readonly y: readonly (readonly number[])[];
}

const model = ({ ts, y_init, y }: Pelts): void => {
  const theta = sample("theta", dist.ImproperUniform(constraints.positive, [4]));
  factor("theta_prior", dist.Normal([1, 0.05, 1, 0.05], [0.5, 0.05, 0.5, 0.05]).logProb(theta));
  const z0 = sample("z_init", dist.LogNormal(log(10), 1).expand([2]));
  const sigma = sample("sigma", dist.LogNormal(-1, 1).expand([2]));
  const z = odeint(
    (z) => {
      const [hares, lynxes] = [z.at(0), z.at(1)];
      return stack([
        theta.at(0).sub(theta.at(1).mul(lynxes)).mul(hares),
        theta.at(3).mul(hares).sub(theta.at(2)).mul(lynxes),
      ]);
    },
    z0,
    [0, ...ts],
  );
  sample("y_init", dist.LogNormal(log(z0), sigma), { obs: y_init });
  sample("y", dist.LogNormal(log(slice(z, [1])), sigma), { obs: y });
};

/** The reference solved the equations to 1e-5 (relative) and 1e-3. */
export const lotkaVolterra: Posterior = posterior<Pelts>("hudson_lynx_hare-lotka_volterra", asIs, model);
