/**
 * Groups: how long ultrasound travels along six railway rails, each measured three times (nanoseconds above 36 100).
 *
 * Rails differ more than measurements of one rail do. Every rail has an effect of its own, drawn around the common mean;
 * `take(effects, rail)` hands each measurement the effect of its rail. The data are Devore's (Probability and Statistics for
 * Engineering and the Sciences), an example of Pinheiro and Bates (Mixed-Effects Models, 2000), who find a mean of 66.5 and
 * standard deviations of 24.8 between rails and 4.0 within one.
 */
import { deterministic, dist, nuts, plate, sample, take } from "lapilli";

const travel = [55, 53, 54, 26, 37, 32, 78, 91, 85, 92, 100, 96, 49, 51, 50, 80, 85, 83];
const rail = travel.map((_, i) => Math.floor(i / 3));

interface Measurements {
  readonly travel: readonly number[];
  /** Number of the rail that was measured, from 0. */
  readonly rail: readonly number[];
}

const model = (data: Measurements): void => {
  const mean = sample("mean", dist.Normal(50, 50));
  const between = sample("between", dist.HalfNormal(50));
  const within = sample("within", dist.HalfNormal(20));
  const effects = plate("rail", 6, () => sample("effect", dist.Normal(mean, between)));
  plate("measurement", data.travel.length, () => {
    sample("travel", dist.Normal(take(effects, data.rail), within), { obs: data.travel });
  });
  deterministic("shareBetween", between.square().div(between.square().add(within.square())));
};

const fit = await nuts(model, { travel, rail }, { draws: 1000, seed: 0 });
console.log(String(fit.summary()));
