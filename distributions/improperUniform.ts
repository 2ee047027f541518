/** A flat density over a constraint, of infinite mass. */
import type { Shape } from "../src/compiler/graph.ts";
import { zeros } from "../src/tensor/create.ts";
import { formatShape } from "../src/tensor/shapes.ts";
import { leftOf } from "./axes.ts";
import { type Constraint, independent } from "./constraints.ts";
import { complete, type Distribution } from "./distribution.ts";

/**
 * The flat prior on a set: its log density is 0 everywhere on it, and it can't be drawn from.
 *
 * @throws RangeError if `eventShape` has fewer axes than a member of the set.
 * @example
 * ImproperUniform(constraints.positive);
 * ImproperUniform(constraints.orderedVector, [], [3]);
 */
export function ImproperUniform(support: Constraint, batchShape: Shape = [], eventShape: Shape = []): Distribution {
  if (eventShape.length < support.eventDim) {
    throw new RangeError(
      `ImproperUniform: a member of ${support.name} has ${support.eventDim} ${support.eventDim === 1 ? "axis" : "axes"}, ` +
        `but the event shape is ${formatShape(eventShape)}; pass it as the third argument`,
    );
  }
  return complete({
    name: "ImproperUniform",
    batchShape,
    eventShape,
    support: () => independent(support, eventShape.length - support.eventDim),
    logProb: (x) => zeros(leftOf(x.shape, eventShape.length)),
    sample: () => {
      throw new TypeError(
        `ImproperUniform: the flat prior on ${support.name} has no draws. Start inference from given values, condition on ` +
          "the site, or give it a proper prior",
      );
    },
    expand: (shape) => ImproperUniform(support, shape, eventShape),
    toJSON: () => ({ name: "ImproperUniform", args: { support: support.name, batchShape, eventShape } }),
  });
}
