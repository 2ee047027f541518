/** `uncondition`: makes observed sites latent again. */
import { underHandler } from "../model.ts";

/**
 * Drops the data of observed sample sites, so that they are drawn: for predictions. The hints `wasObserved` and `obs` keep what
 * was there.
 *
 * @example
 * seed(uncondition(model), 0)(data);
 */
export function uncondition<Args extends unknown[], R>(model: (...args: Args) => R): (...args: Args) => R {
  return underHandler("uncondition", model, () => ({
    name: "uncondition",
    process(msg) {
      if (msg.kind !== "sample" || !msg.observed) return;
      msg.infer = { ...msg.infer, wasObserved: true, obs: msg.value };
      msg.value = undefined;
      msg.observed = false;
    },
  }));
}
