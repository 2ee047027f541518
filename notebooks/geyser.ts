/**
 * A mixture: eruptions of Old Faithful are short or long (minutes; the first twenty of August 1985).
 *
 * Which kind an eruption is of is not recorded. NUTS moves along gradients and can't switch a label, so the label is summed
 * out: the log density of an eruption is the logarithm of the weighted sum of both densities. The long kind is written as the
 * short one plus a positive gap; otherwise the two could change names. Data: Azzalini and Bowman (Applied Statistics 39, 1990).
 */
import { deterministic, dist, factor, log, logsumexp, nuts, plate, sample, stack, sub } from "lapilli";

const minutes = [
  3.6, 1.8, 3.333, 2.283, 4.533, 2.883, 4.7, 3.6, 1.95, 4.35, 1.833, 3.917, 4.2, 1.75, 4.7, 2.167, 1.75, 4.8, 1.6, 4.25,
];

const model = ({ minutes }: { readonly minutes: readonly number[] }): void => {
  const short = sample("short", dist.Normal(2, 1));
  const gap = sample("gap", dist.HalfNormal(3));
  const long = deterministic("long", short.add(gap));
  const spread = sample("spread", dist.HalfNormal(1));
  const share = sample("share", dist.Beta(2, 2)); // of short eruptions
  plate("eruption", minutes.length, () => {
    const asShort = dist.Normal(short, spread).logProb(minutes).add(log(share));
    const asLong = dist
      .Normal(long, spread)
      .logProb(minutes)
      .add(log(sub(1, share)));
    factor("minutes", logsumexp(stack([asShort, asLong], 0), 0));
  });
};

const fit = await nuts(model, { minutes }, { draws: 2000, seed: 0 });
console.log(String(fit.summary()));
