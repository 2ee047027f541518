/** Parts of the compiler that small programs do without, so that a page can load them when a program needs one. */
import type { Buffers } from "./buffers.ts";
import type { Node } from "./graph.ts";
import type { Buffer, NewBuffer, Step } from "./steps.ts";

export interface CompilerParts {
  /** Products of matrices as kernel calls: buildProduct.ts. */
  readonly buildProduct: (node: Node, buffers: Buffers) => Step[];
  /** Long loops over the same rows, chunk by chunk: strips.ts. */
  readonly stripMine: (steps: readonly Step[], buffers: readonly Buffer[], newBuffer: NewBuffer) => Step[];
}

/** A program needs a part of the compiler that has not been loaded. */
export class NotLoaded extends Error {}

const missing = (): never => {
  throw new NotLoaded("the compiler has been loaded in part");
};
/** None of them: programs that need one are refused with `NotLoaded`, the others are those that all parts make. */
export const noParts: CompilerParts = { buildProduct: missing, stripMine: missing };
