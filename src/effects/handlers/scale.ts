/** `scale`: weights the log density. */
import { knownValues, type Tensor } from "../../tensor/tensor.ts";
import { underHandler } from "../model.ts";
import { multiplyScales } from "../scaling.ts";

/**
 * Multiplies the log density of every sample and factor site by a positive factor; nested scales multiply.
 *
 * @param factor - a number, or a tensor that broadcasts to the batch of every site inside
 * @throws RangeError if the factor isn't positive and finite.
 * @example
 * scale(model, 0.5);                       // a tempered model
 */
export function scale<Args extends unknown[], R>(
  model: (...args: Args) => R,
  factor: number | Tensor,
): (...args: Args) => R {
  const known = typeof factor === "number" ? [factor] : Array.from(knownValues(factor) ?? []);
  const bad = known.find((f) => !(f > 0 && Number.isFinite(f)));
  if (bad !== undefined)
    throw new RangeError(
      `scale: the factor has to be positive, got ${bad}. To leave sites out, use mask(model, false).`,
    );
  return underHandler("scale", model, () => ({
    name: "scale",
    process(msg) {
      if (msg.kind === "sample" || msg.kind === "factor" || msg.kind === "param")
        msg.scale = multiplyScales(msg.scale, factor);
    },
  }));
}
