/**
 * Loops: a body that runs many times, each time on what the time before gave. One node, one flat result (src/compiler/loop.ts),
 * of which the user sees slices.
 */
import type { Node, Op } from "../compiler/graph.ts";
import { layoutOf, loopAttrs } from "../compiler/loop.ts";
import type { Body } from "../compiler/loopBody.ts";
import { lowerBody, pruneLoops } from "../compiler/loopPrune.ts";
import { planLoop } from "../compiler/loopSchedule.ts";
import { rowsInPlace } from "../compiler/loopViews.ts";
import { apply } from "../compiler/node.ts";
import { withPasses } from "../compiler/passes.ts";
import { simplify } from "../compiler/simplify.ts";
import { checkpointLoops, recordLimit } from "./loopCheckpoint.ts";
import { evaluateLoop } from "./loopEvaluate.ts";
import { type LoopParts, type LoopResults, makeLoopOf } from "./loopMake.ts";
import { jvpOfLoop, vjpOfLoop } from "./loopRules.ts";
import { splitLoops } from "./loopSplit.ts";

export const loop: Op = {
  name: "loop",
  infer: (_inputs, attrs) => ({ shape: [layoutOf(loopAttrs(attrs)).total], dtype: "float64" }),
  evaluate: evaluateLoop,
  vjp: vjpOfLoop,
  jvp: jvpOfLoop,
  lower: (inputs, attrs) => {
    const { body, test } = loopAttrs(attrs);
    return apply(loop, inputs, { ...attrs, body: lowered(body), ...(test && { test: lowered(test) }) });
  },
  lowering: { kind: "loop", plan: planLoop, prune: (outputs, inputs) => rowsInPlace(reduced(outputs, inputs)) },
};

/** Loops as a program needs them. What they were replaced by is simplified with the rest of the graph. */
function reduced(outputs: readonly Node[], inputs: readonly Node[]): readonly Node[] {
  const changes = [
    (x: readonly Node[]) => checkpointLoops(x, Infinity),
    splitLoops,
    (x: readonly Node[]) => checkpointLoops(x, recordLimit),
  ];
  return changes.reduce((before, change) => {
    const after = change(before);
    return after.every((x, i) => x === before[i]) ? before : pruneLoops(simplify(after, inputs));
  }, pruneLoops(outputs));
}

/** In sums of few terms a product saves nothing, and its parts keep a body out of registers. */
const lowered = (body: Body): Body => withPasses({ logProducts: false }, () => lowerBody(body));

/** Makes a loop and gives its results. */
export const makeLoop = (parts: LoopParts): LoopResults => makeLoopOf(loop, parts);
