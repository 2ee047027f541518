/** What is done to a log density as a whole before its derivatives are taken. */
import type { Node } from "../compiler/graph.ts";
import { joinSums } from "./joinSums.ts";
import { loopRewrites } from "./loopRewrites.ts";
import type { rollRows } from "./rollRows.ts";

/**
 * An equal density that costs less, and the variables it depends on: as many numbers as before, in their order.
 *
 * @param roll - what makes one expression of many rows; undefined for a density in which it would find none (`rollable.ts`)
 */
export function rewriteDensity(
  total: Node,
  inputs: readonly Node[],
  roll: typeof rollRows | undefined,
): { total: Node; inputs: readonly Node[] } {
  const rolled = roll?.([total], inputs) ?? { outputs: [total], inputs };
  const [rewritten] = loopRewrites.probabilitySpace(rolled.outputs) as [Node];
  return { total: joinSums(rewritten), inputs: rolled.inputs };
}
