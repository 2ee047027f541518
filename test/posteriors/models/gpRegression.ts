import { dist, exp, eye, sample, square, tensor } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const model = ({ x, y }: Points): void => {
  const rho = sample("rho", dist.Gamma(25, 4));
  const alpha = sample("alpha", dist.HalfNormal(2));
  const sigma = sample("sigma", dist.HalfNormal(1));
  const squaredDistance = square(tensor(x).expandDims(1).sub(x));
  const kernel = square(alpha).mul(exp(squaredDistance.div(square(rho).mul(-2))));
  const covariance = kernel.add(sigma.mul(eye(x.length)));
  sample("y", dist.MultivariateNormal({ loc: 0, covarianceMatrix: covariance }), { obs: y });
};

export const gpRegression: Posterior = posterior<Points>("gp_pois_regr-gp_regr", asIs, model);
