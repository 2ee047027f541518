/**
 * A hidden Markov model: years of few and of many great earthquakes (magnitude 7 and above, 1900 to 2006).
 *
 * The state of a year is not observed, so all sequences of states are summed out: `scan` carries the log weights of both states
 * from year to year (the forward algorithm), and `logsumexp` of the last adds them up. Lapilli runs the recurrence over
 * probabilities with a running scale; `{ passes: { probabilitySpace: false } }` would run it as it is written. Data and maximum
 * likelihood estimates: Zucchini and MacDonald, Hidden Markov Models for Time Series (2009).
 */
import {
  deterministic,
  dist,
  expandDims,
  factor,
  log,
  logsumexp,
  nuts,
  sample,
  scan,
  slice,
  stack,
  sub,
} from "lapilli";

const quakes = [
  13, 14, 8, 10, 16, 26, 32, 27, 18, 32, 36, 24, 22, 23, 22, 18, 25, 21, 21, 14, 8, 11, 14, 23, 18, 17, 19, 20, 22, 19,
  13, 26, 13, 14, 22, 24, 21, 22, 26, 21, 23, 24, 27, 41, 31, 27, 35, 26, 28, 36, 39, 21, 17, 22, 17, 19, 15, 34, 10,
  15, 22, 18, 15, 20, 15, 22, 19, 16, 30, 27, 29, 23, 20, 16, 21, 21, 25, 16, 18, 15, 18, 14, 10, 15, 8, 15, 6, 11, 8,
  7, 18, 16, 13, 12, 13, 20, 15, 16, 12, 18, 15, 16, 13, 15, 16, 11, 11,
];

const model = ({ quakes }: { readonly quakes: readonly number[] }): void => {
  const quiet = sample("quiet", dist.Gamma(4, 0.25)); // earthquakes a year
  const more = sample("more", dist.HalfNormal(20));
  const restless = deterministic("restless", quiet.add(more));
  const stayQuiet = sample("stayQuiet", dist.Beta(8, 2));
  const stayRestless = sample("stayRestless", dist.Beta(8, 2));
  // From state (row) to state (column).
  const transitions = log(stack([stack([stayQuiet, sub(1, stayQuiet)]), stack([sub(1, stayRestless), stayRestless])]));
  const counts = dist.Poisson(stack([quiet, restless])).logProb(expandDims(quakes, 1)); // [years, states]
  const { carry } = scan(
    (weights, year) => [logsumexp(expandDims(weights, 1).add(transitions), 0).add(year)],
    counts.at(0).sub(Math.LN2),
    slice(counts, [1]),
  );
  factor("quakes", logsumexp(carry));
};

const fit = await nuts(model, { quakes }, { seed: 0 });
console.log(String(fit.summary()));
