/** `substitute`: puts values into a model without observing them. */
import { type GivenValues, given } from "../given.ts";
import { underHandler } from "../model.ts";
import { ModelError } from "../modelError.ts";

export interface SubstituteOptions {
  /** Whether names that meet no site are ignored instead of being errors. Default false. */
  readonly allowUnknown?: boolean;
}

/**
 * Sets the values of latent sample sites, params, deterministic sites and the rows of plates. The sites stay what they are: a
 * latent site is still latent. This is how a sampler evaluates a model at a point.
 *
 * @param values - by name, or a function from a site to its value (undefined: leave the site alone)
 * @throws ModelError at the end of the run if a name met no site, suggesting the nearest one; at the site if it is observed.
 * @example
 * trace(substitute(model, { mu: 0.5, tau: 1 })).get(data).logProbSum();
 */
export function substitute<Args extends unknown[], R>(
  model: (...args: Args) => R,
  values: GivenValues,
  options: SubstituteOptions = {},
): (...args: Args) => R {
  return underHandler("substitute", model, () => {
    const source = given("substitute", values, ["sample", "param", "deterministic", "plate"], options.allowUnknown);
    return {
      name: "substitute",
      process(msg) {
        const value = source.find(msg);
        if (value === undefined) return;
        if (msg.kind === "sample" && msg.observed) {
          throw new ModelError(
            msg.name,
            `substitute: sample site "${msg.name}" is observed. Leave its obs out, or replace the data with condition(model, { ${msg.name}: … }).`,
          );
        }
        msg.value = value;
      },
      unmet: source.unmet,
      finish: source.finish,
    };
  });
}
