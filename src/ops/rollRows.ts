/** Rows that a JavaScript loop wrote one by one, and the variables of such rows, as one of each. */
import type { Node } from "../compiler/graph.ts";
import { passes } from "../compiler/passes.ts";
import { reroll } from "./reroll.ts";
import { type JoinedInputs, joinInputs } from "./rerollInputs.ts";

/** Equal outputs in which rows of one form are one expression, over variables of which those side by side are one. */
export function rollRows(outputs: readonly Node[], inputs: readonly Node[]): JoinedInputs {
  return passes().reroll ? joinInputs(reroll(outputs), inputs) : { outputs, inputs };
}
