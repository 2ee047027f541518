import { dist, plate, sample } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Answers {
  readonly I: number;
  readonly J: number;
  /** [item][student] */
  readonly y: readonly (readonly number[])[];
}

const model = ({ I, J, y }: Answers): void => {
  const sigmaTheta = sample("sigma_theta", dist.HalfCauchy(2));
  const theta = plate("student", J, () => sample("theta", dist.Normal(0, sigmaTheta)));
  const sigmaA = sample("sigma_a", dist.HalfCauchy(2));
  const a = plate("item", I, () => sample("a", dist.LogNormal(0, sigmaA)));
  const muB = sample("mu_b", dist.Normal(0, 5));
  const sigmaB = sample("sigma_b", dist.HalfCauchy(2));
  const b = plate("item", I, () => sample("b", dist.Normal(muB, sigmaB)));
  const logits = a.expandDims(1).mul(theta.sub(b.expandDims(1)));
  plate("answer", J, () =>
    plate("question", I, () => {
      sample("y", dist.Bernoulli({ logits }), { obs: y });
    }),
  );
};

export const irt2pl: Posterior = posterior<Answers>("irt_2pl-irt_2pl", asIs, model);
