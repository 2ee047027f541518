/**
 * What loops ask for when a log density is rewritten as a whole. It is bound by the module that makes loops
 * (src/tensor/control.ts): a graph with loops cannot be there before it has loaded, so the order of imports makes no difference,
 * and a page whose model has no loops downloads neither them nor their rewrites.
 */
import type { Node } from "../compiler/graph.ts";

export const loopRewrites: {
  /** See probabilitySpace.ts. */
  probabilitySpace: (outputs: readonly Node[]) => readonly Node[];
} = { probabilitySpace: (outputs) => outputs };
