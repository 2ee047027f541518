import { constraints, dist, sample } from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

interface Data {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly pmualpha: number;
  readonly psalpha: number;
  readonly pmubeta: number;
  readonly psbeta: number;
}

const model = ({ x, y, pmualpha, psalpha, pmubeta, psbeta }: Data): void => {
  const alpha = sample("alpha", dist.Normal(pmualpha, psalpha));
  const beta = sample("beta", dist.Normal(pmubeta, psbeta));
  const sigma = sample("sigma", dist.ImproperUniform(constraints.positive));
  sample("y", dist.Normal(alpha.add(beta.mul(x)), sigma), { obs: y });
};

export const kilpisjarvi: Posterior = posterior<Data>("kilpisjarvi_mod-kilpisjarvi", asIs, model);
