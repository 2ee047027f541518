/** What is done to a log density as a whole before its derivatives are taken. */
import type { Node } from "../compiler/graph.ts";
import { joinSums } from "./joinSums.ts";
import { loopRewrites } from "./loopRewrites.ts";
import { passes } from "./passes.ts";
import { reroll } from "./reroll.ts";
import { joinInputs } from "./rerollInputs.ts";

/** An equal density that costs less, and the variables it depends on: as many numbers as before, in their order. */
export function rewriteDensity(total: Node, inputs: readonly Node[]): { total: Node; inputs: readonly Node[] } {
  const rolled = reroll([total]);
  const joined = passes().reroll ? joinInputs(rolled, inputs) : { outputs: rolled, inputs };
  const [rewritten] = loopRewrites.probabilitySpace(joined.outputs) as [Node];
  return { total: joinSums(rewritten), inputs: joined.inputs };
}
