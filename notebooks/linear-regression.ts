/**
 * Linear regression: a line through eleven points, and what to expect at points that were not seen.
 *
 * The data are the first of the four sets by Anscombe (The American Statistician 27, 1973). Least squares gives intercept
 * 3.00, slope 0.50 and a residual standard deviation of 1.24; the priors here are wide, so the posterior agrees.
 */
import { dist, eti, nuts, plate, predictive, sample } from "lapilli";

const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];

interface Points {
  readonly x: readonly number[];
  /** Left out where it is to be predicted. */
  readonly y?: readonly number[];
}

const model = (points: Points): void => {
  const intercept = sample("intercept", dist.Normal(0, 10));
  const slope = sample("slope", dist.Normal(0, 5));
  const sigma = sample("sigma", dist.HalfNormal(5));
  plate("point", points.x.length, () => {
    const line = intercept.add(slope.mul(points.x));
    sample("y", dist.Normal(line, sigma), { obs: points.y });
  });
};

const fit = await nuts(model, { x, y }, { draws: 1000, seed: 0 });
console.log(String(fit.summary()));

const newX = [8, 20];
/** What observations there may be: [chains, draws, 2]. */
const predicted = predictive(model, fit, { x: newX }, { seed: 1 }).y!;
for (const [i, at] of newX.entries()) {
  const [low, high] = eti(predicted.transpose([2, 0, 1]).at(i), 0.9);
  console.log(`at x = ${at}, nine of ten observations lie between ${low.toFixed(1)} and ${high.toFixed(1)}`);
}
