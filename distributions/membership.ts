/**
 * Which tensors are known to lie in which set without looking at their values.
 *
 * A bijection's output lies in its codomain by construction. Remembering that lets a traced log density leave out the
 * test against its support, which a compiler can't see through (exp(x) > 0). Forgetting it only costs the test.
 */
import type { Tensor } from "../src/tensor/tensor.ts";
import type { Constraint } from "./types.ts";

const members = new WeakMap<Tensor, Constraint>();

/** Remembers that `x` lies in the set, and returns it. */
export function markMember(x: Tensor, set: Constraint): Tensor {
  members.set(x, set);
  return x;
}

/** Whether `x` was marked as a member of this set, or of vectors of such members. */
export function isMember(x: Tensor, set: Constraint): boolean {
  const known = members.get(x);
  return known !== undefined && same(innermost(known), innermost(set));
}

const innermost = (c: Constraint): Constraint => (c.base === undefined ? c : innermost(c.base));

/** Bounds are compared by identity: numbers by value, tensors by being the same one. */
function same(a: Constraint, b: Constraint): boolean {
  return a === b || (a.kind === b.kind && a.eventDim === b.eventDim && a.lower === b.lower && a.upper === b.upper);
}
