/** What may share a loop nest. */
import { isCostly } from "./costly.ts";
import type { Node } from "./graph.ts";
import { isWideProduct } from "./matrixProducts.ts";
import { sizeOf } from "./shapes.ts";

/** A loop nest that is being filled. */
export interface Draft {
  readonly dims: readonly number[];
  readonly key: string;
  readonly members: Node[];
  /** Work that is not the value of a node: pieces of concatenations, padded copies. */
  readonly copies: { readonly node: Node; readonly piece: number }[];
  /** Cost of all elementwise operations: short loops are straight-line code, whose length it is. */
  cost: number;
  /** Cost of the elementary functions in the loop, arithmetic before and after them, and whether there is a matrix product. */
  heavy: number;
  before: number;
  after: number;
  products: boolean;
}

/**
 * Long loops are kept short in what they hold: sixteen registers are for one elementary function and its relatives, or for
 * a matrix product, and several loops over buffers in the cache are faster than one that spills.
 */
const shortLoop = 24;
/** Straight-line code of more than this many operations is cut, so that no function grows beyond what the engine optimises well. */
const straightLimit = 800;
const heavyBudget = 60;
/** Whether a node may join a loop. */
export function fits(node: Node | undefined, draft: Draft): boolean {
  const { lowering } = node?.op ?? {};
  if (!node || !lowering) return true;
  if (sizeOf(draft.dims) < shortLoop) {
    return lowering.kind !== "map" || draft.cost === 0 || draft.cost + lowering.cost <= straightLimit;
  }
  if (isWideProduct(node)) return draft.heavy === 0;
  if (lowering.kind !== "map") return true;
  if (!isCostly(node)) return draft.heavy === 0 || draft.after < 2;
  if (draft.products || draft.heavy + lowering.cost > heavyBudget) return false;
  return draft.heavy > 0 || draft.before <= 4;
}
/** Notes what a node adds to the work of a loop. */
export function count(node: Node, draft: Draft): void {
  const { lowering } = node.op;
  if (isWideProduct(node)) draft.products = true;
  if (lowering.kind !== "map") return;
  draft.cost += lowering.cost;
  if (isCostly(node)) draft.heavy += lowering.cost;
  else if (draft.heavy > 0) draft.after++;
  else draft.before++;
}
