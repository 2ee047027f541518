/** `condition`: turns sample sites into observed ones. */
import { type GivenValues, given } from "../given.ts";
import { underHandler } from "../model.ts";

/**
 * Observes values at sample sites, as if they had been given as `obs`; a value given there is replaced.
 *
 * @param values - by name, or a function from a site to its value (undefined: leave the site alone)
 * @throws ModelError at the end of the run if a name met no sample site, suggesting the nearest one; at the site if the value's
 *   shape doesn't fit or it is outside the support.
 * @example
 * condition(model, { y: [28, 8, -3] })();
 */
export function condition<Args extends unknown[], R>(
  model: (...args: Args) => R,
  values: GivenValues,
): (...args: Args) => R {
  return underHandler("condition", model, () => {
    const source = given("condition", values, ["sample"]);
    return {
      name: "condition",
      process(msg) {
        const value = source.find(msg);
        if (value === undefined || msg.kind !== "sample") return;
        msg.value = value;
        msg.observed = true;
      },
      unmet: source.unmet,
      finish: source.finish,
    };
  });
}
