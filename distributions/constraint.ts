/** The maker of constraints. */
import type { Shape } from "../src/compiler/graph.ts";
import { full } from "../src/tensor/create.ts";
import { asTensor, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import type { Bijection, Constraint } from "./types.ts";

interface Definition {
  readonly kind: string;
  readonly name?: string;
  readonly description?: string;
  readonly eventDim?: number;
  readonly isDiscrete?: boolean;
  readonly lower?: TensorLike;
  readonly upper?: TensorLike;
  readonly hint?: string;
  readonly bijection?: Bijection;
  readonly check: (value: Tensor) => Tensor;
  readonly feasible?: (shape: Shape) => Tensor;
}

/**
 * Makes a constraint from its membership test; what is left out is a continuous set of numbers containing 0.
 *
 * @example
 * const even = constraint({ kind: "even", isDiscrete: true, check: (x) => equal(mul(floor(mul(x, 0.5)), 2), x) });
 */
export function constraint(definition: Definition): Constraint {
  const name = definition.name ?? definition.kind;
  return {
    description: name,
    eventDim: 0,
    isDiscrete: false,
    feasible: (shape) => full(shape, 0),
    ...definition,
    name,
    check: (value) => definition.check(asTensor(value)),
  };
}
