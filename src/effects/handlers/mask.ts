/** `mask`: leaves entries out of the log density. */
import { asTensor, type TensorLike } from "../../tensor/tensor.ts";
import { underHandler } from "../model.ts";
import { combineMasks } from "../scaling.ts";

/**
 * Where the mask is false, the log density of every sample and factor site is 0; values are drawn as before. Observed values
 * aren't looked at there and may be NaN. Nested masks combine by "and".
 *
 * @param mask - broadcasts to the batch of every site inside
 * @example
 * mask(model, false);                      // no log density at all
 * plate("n", 3, mask(() => sample("y", dist.Normal(0, 1), { obs: [0.1, NaN, 0.3] }), [true, false, true]));
 */
export function mask<Args extends unknown[], R>(model: (...args: Args) => R, mask: TensorLike): (...args: Args) => R {
  const counts = asTensor(mask, "bool");
  return underHandler("mask", model, () => ({
    name: "mask",
    process(msg) {
      if (msg.kind === "sample" || msg.kind === "factor") msg.mask = combineMasks(msg.mask, counts);
    },
  }));
}
