/** Asking why a log density is not finite. */
import { checkLength, type LogDensity } from "./modelDensity.ts";
import { reasonAt } from "./nonFinite.ts";

/**
 * Why a log density or its gradient is not finite at a point, in a sentence or two: the site, the offending argument or value, the
 * operation and the line of the model. Undefined where both are finite. A term that is NaN goes before one that is infinite.
 *
 * @throws RangeError for a point of another length.
 * @example
 * whyNotFinite(logDensity(model, data), x); // 'sample site "y" has log density NaN at index [3]: scale must be positive, got -1; …'
 */
export function whyNotFinite(ld: LogDensity, x: Float64Array): string | undefined {
  checkLength("The point", x, ld.dim);
  return reasonAt(ld, x);
}
