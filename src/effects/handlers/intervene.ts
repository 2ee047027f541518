/** `intervene`: Pearl's do-operator. */
import { type GivenValues, given } from "../given.ts";
import type { SampleMessage } from "../message.ts";
import { underHandler } from "../model.ts";
import { applyStack } from "../stack.ts";

/**
 * Sets sites from outside, cutting them off from their causes: what follows sees the given value, while the site itself is still
 * drawn (or observed) under its own name, as in a single-world intervention graph (Richardson and Robins 2013). Combine with
 * `condition`, on the outside, for counterfactuals.
 *
 * Inside, the set value appears as the observed site `name__CF`.
 *
 * @throws ModelError at the end of the run if a name met no sample site.
 * @example
 * intervene(model, { treatment: 1 });
 */
export function intervene<Args extends unknown[], R>(
  model: (...args: Args) => R,
  values: GivenValues,
): (...args: Args) => R {
  return underHandler("intervene", model, () => {
    const source = given("intervene", values, ["sample"]);
    return {
      name: "intervene",
      process(msg) {
        const value = source.find(msg);
        if (value === undefined || msg.kind !== "sample") return;
        applyStack<SampleMessage>({ ...msg });
        msg.name = `${msg.name}__CF`;
        msg.value = value;
        msg.observed = true;
        msg.stop = true;
      },
      unmet: source.unmet,
      finish: source.finish,
    };
  });
}
