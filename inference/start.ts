/** Where chains start: points that were given by site. */
import { describe } from "../src/tensor/describe.ts";
import type { TensorLike } from "../src/tensor/tensor.ts";
import { checkLength } from "./checkDensity.ts";
import type { LogDensity } from "./modelDensity.ts";

type Values = Readonly<Record<string, TensorLike>>;

/**
 * Unconstrained starting points of the chains.
 *
 * @param caller - the function that was given them, for errors
 * @throws TypeError for something that is no start; what `unconstrain` throws for bad values.
 */
export function initialPoints(
  caller: string,
  ld: LogDensity,
  chains: number,
  initial: Values | readonly (Values | Float64Array | undefined)[],
): (Float64Array | undefined)[] {
  const each: readonly unknown[] = Array.isArray(initial) ? initial : new Array(chains).fill(initial);
  if (each.length > chains) {
    throw new TypeError(
      `${caller}: \`initial\` has ${each.length} starting points for ${chains} chains. Give one for each chain, or values by site for all of them.`,
    );
  }
  return each.map((start, chain) => {
    if (start === undefined) return start;
    if (start instanceof Float64Array) {
      checkLength(caller, "initial", start, ld.dim);
      return start;
    }
    if (start !== null && typeof start === "object" && !Array.isArray(start) && !ArrayBuffer.isView(start))
      return unconstrained(caller, ld, start as Values);
    throw new TypeError(
      `${caller}: \`initial\` has to hold values by site, { ${ld.sites[0]!.name}: … }, or a Float64Array of ${ld.dim} unconstrained coordinates for each chain; chain ${chain} has ${describe(start)}.`,
    );
  });
}

function unconstrained(caller: string, ld: LogDensity, values: Values): Float64Array {
  try {
    return ld.unconstrain(values);
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replace(/^unconstrain:/, `${caller}: \`initial\`:`);
    throw error;
  }
}
