/** Where chains start. */
import type { Stream } from "../../src/random/stream.ts";
import type { Density } from "./density.ts";
import { allFinite } from "./metric.ts";

export interface InitialOptions {
  /** Points are uniform on (-radius, radius) in every unconstrained coordinate. Default 2. */
  readonly radius?: number;
  /** How many usable points to choose from. Default 10. */
  readonly candidates?: number;
  /** How many points to try before giving up. Default 100. */
  readonly attempts?: number;
  /** Names of the coordinates, for errors. */
  readonly names?: readonly string[];
}

/** How the error of a density that is nowhere finite begins. */
export const NO_STARTING_POINT = "No starting point";

export interface InitialPoint {
  readonly x: Float64Array;
  readonly logDensity: number;
  /** Evaluations of the density that finding it took. */
  readonly evaluations: number;
}

const nameOf = (i: number, names: readonly string[] | undefined): string =>
  names?.[i] === undefined ? `coordinate ${i}` : `coordinate ${i} (${names[i]})`;

/** Why a point cannot start a chain; undefined when it can. */
function problemAt(
  logDensity: number,
  gradient: Float64Array,
  names: readonly string[] | undefined,
): string | undefined {
  if (!(Math.abs(logDensity) < Infinity)) return `log density ${logDensity}`;
  const bad = gradient.findIndex((g) => !(Math.abs(g) < Infinity));
  return bad < 0 ? undefined : `a gradient of ${gradient[bad]} for ${nameOf(bad, names)}`;
}

/**
 * Where a chain starts: of several uniform points with finite log density and gradient, the one with the highest density. Picking among
 * several keeps chains out of the far tails, where first trajectories are long and the first guess at the metric is poor.
 *
 * @throws after `attempts` points without a usable one; the message counts what went wrong.
 */
export function initialPoint(
  density: Density,
  stream: Stream,
  { radius = 2, candidates = 10, attempts = 100, names }: InitialOptions = {},
): InitialPoint {
  const { dim } = density;
  const x = new Float64Array(dim);
  const best = new Float64Array(dim);
  const gradient = new Float64Array(dim);
  const problems = new Map<string, number>();
  let bestLogDensity = -Infinity;
  let usable = 0;
  let tried = 0;
  while (tried < attempts && usable < candidates) {
    if (usable > 0 && tried >= candidates) break;
    for (let i = 0; i < dim; i++) x[i] = radius * (2 * stream.uniform() - 1);
    const logDensity = density.valueAndGrad(x, gradient);
    tried++;
    const problem = problemAt(logDensity, gradient, names);
    if (problem !== undefined) {
      problems.set(problem, (problems.get(problem) ?? 0) + 1);
      continue;
    }
    usable++;
    if (usable === 1 || logDensity > bestLogDensity) {
      bestLogDensity = logDensity;
      best.set(x);
    }
  }
  if (usable === 0) {
    const listed = [...problems].sort((a, b) => b[1] - a[1]).slice(0, 5);
    throw new Error(
      `${NO_STARTING_POINT}: ${tried} points drawn uniformly from (-${radius}, ${radius}) in each of the ${dim} unconstrained coordinates ` +
        `gave ${listed.map(([problem, count]) => `${problem} (${count} times)`).join(", ")}. ` +
        "Give a starting point with `initial`, try a smaller `initialRadius`, or check that the data lie within the support of the model.",
    );
  }
  return { x: best, logDensity: bestLogDensity, evaluations: tried };
}

/**
 * Checks a starting point that was given.
 *
 * @throws when its length is not `dim`, or log density or gradient are not finite there.
 */
export function givenPoint(density: Density, x: Float64Array, names?: readonly string[]): InitialPoint {
  const { dim } = density;
  if (x.length !== dim)
    throw new Error(`\`initial\` has ${x.length} numbers but the density ${dim} unconstrained coordinates.`);
  if (!allFinite(x)) {
    const bad = x.findIndex((value) => !(Math.abs(value) < Infinity));
    throw new Error(`\`initial\` is ${x[bad]} at ${nameOf(bad, names)}; every coordinate must be finite.`);
  }
  const gradient = new Float64Array(dim);
  const logDensity = density.valueAndGrad(x, gradient);
  const problem = problemAt(logDensity, gradient, names);
  if (problem !== undefined) {
    throw new Error(
      `\`initial\` gives ${problem}; start where log density and gradient are finite, or leave \`initial\` out.`,
    );
  }
  return { x: x.slice(), logDensity, evaluations: 1 };
}
