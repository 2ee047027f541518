/** `replay`: repeats the draws of an earlier run. */
import { describe } from "../../tensor/describe.ts";
import { type InferHints, type Site, siteLabel } from "../message.ts";
import { underHandler } from "../model.ts";
import { ModelError } from "../modelError.ts";

/**
 * Gives latent sample sites the values they have in a trace, and plates the rows. Observed sites keep their data, and sites that
 * the trace doesn't have are drawn. Inference hints are merged, those of the trace last;
 * `blockPlates` stays that of the model.
 *
 * @throws TypeError if it is given no trace; ModelError if the trace has a site of the name that isn't a latent sample site, or rows of another number.
 * @example
 * const guided = trace(seed(guide, 0)).get(data);
 * trace(replay(model, guided)).get(data);
 */
export function replay<Args extends unknown[], R>(
  model: (...args: Args) => R,
  trace: { readonly sites: ReadonlyMap<string, Site> },
): (...args: Args) => R {
  if (typeof trace?.sites?.get !== "function") {
    throw new TypeError(
      `replay: the second argument has to be a trace, like trace(seed(model, 0)).get(data), got ${describe(trace)}. ` +
        "To give values by name: substitute(model, { mu: 1 }).",
    );
  }
  return underHandler("replay", model, () => ({
    name: "replay",
    process(msg) {
      if ((msg.kind !== "sample" && msg.kind !== "plate") || (msg.kind === "sample" && msg.observed)) return;
      const earlier = trace.sites.get(msg.name);
      if (earlier === undefined) return;
      const fits = msg.kind === "plate" ? earlier.kind === "plate" : earlier.kind === "sample" && !earlier.observed;
      if (!fits) {
        const was = earlier.kind === "sample" ? "an observed sample site" : `a ${earlier.kind}`;
        throw new ModelError(
          msg.name,
          `replay: ${siteLabel(msg)} is ${was} in the trace; it has to be ${msg.kind === "plate" ? "a plate" : "a latent sample site"} there.`,
        );
      }
      if (
        earlier.kind === "plate" &&
        msg.kind === "plate" &&
        (earlier.size !== msg.size || earlier.subsampleSize !== msg.subsampleSize)
      ) {
        const count = (p: { size: number; subsampleSize: number }): string => `${p.subsampleSize} of ${p.size} rows`;
        throw new ModelError(
          msg.name,
          `replay: plate "${msg.name}" holds ${count(earlier)} in the trace and ${count(msg)} in this model. Give both the same size and subsampleSize.`,
        );
      }
      if (earlier.value === undefined) return;
      msg.value = earlier.value;
      msg.infer = mergeHints(msg.infer, earlier.infer);
    },
  }));
}

function mergeHints(own: InferHints, { blockPlates: _, ...earlier }: InferHints): InferHints {
  return { ...own, ...earlier };
}
