/** What samplers ask of a density before they run. */
import type { LogDensity } from "./modelDensity.ts";

/** @throws RangeError unless an option has one number for each unconstrained coordinate. */
export function checkLength(caller: string, option: string, { length }: Float64Array, dim: number): void {
  if (length !== dim)
    throw new RangeError(
      `${caller}: \`${option}\` has ${length} numbers but the density ${dim} unconstrained coordinates.`,
    );
}

/** @throws Error when the log density does not depend on a site at all, so that it cannot integrate to one. */
export function refuseImproper(caller: string, ld: LogDensity): void {
  const [name] = ld.flatSites;
  if (name === undefined) return;
  throw new Error(
    `${caller}: the log density does not depend on sample site "${name}" at all, so the posterior is improper and can't be sampled. ` +
      "Give the site a proper prior, such as dist.Normal(0, 10), or drop it.",
  );
}
