/**
 * Derivatives of graphs, as the derivatives of loops and branches need them: the adjoint of a loop runs the adjoint of its
 * body. They are defined in a layer above and bound when it loads.
 */
import type { Node } from "../compiler/graph.ts";

export interface Derivatives {
  /** See src/autodiff/reverse.ts. */
  pullback: (outputs: readonly Node[], cotangents: readonly Node[], variables: readonly Node[]) => (Node | undefined)[];
  /** See src/autodiff/forward.ts. */
  pushforward: (
    outputs: readonly Node[],
    variables: readonly Node[],
    tangents: readonly Node[],
  ) => (Node | undefined)[];
}

const unbound = (): never => {
  throw new Error("derivatives are defined in src/autodiff; import one of its functions");
};
export const derivatives: Derivatives = { pullback: unbound, pushforward: unbound };
