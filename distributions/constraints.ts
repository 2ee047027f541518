/**
 * Constraints: the sets that parameters and values live in.
 *
 * A constraint is a plain object that can say whether a value belongs to it, describe itself in an error message, and
 * name a member. It carries the map from unconstrained numbers onto itself, which `biject` makes a transform of.
 */
import type { Shape } from "../src/compiler/graph.ts";
import { eye, full } from "../src/tensor/create.ts";
import { cholesky, diagonal, tril } from "../src/tensor/linalg.ts";
import {
  abs,
  add,
  equal,
  floor,
  greater,
  greaterEqual,
  isFinite,
  isNaN,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  mul,
  sub,
} from "../src/tensor/math.ts";
import { all, sum } from "../src/tensor/reduce.ts";
import { broadcastTo } from "../src/tensor/shape.ts";
import { formatShape } from "../src/tensor/shapes.ts";
import { asTensor, hasValue, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import { allRight, sliceLast, transposeLast } from "./axes.ts";
import { between, exponential, fromAbove, fromBelow, identity, logistic } from "./bijections.ts";
import { constraint } from "./constraint.ts";
import { positiveDefiniteCheck } from "./positiveDefinite.ts";
import type { Constraint } from "./types.ts";
import * as vectors from "./vectorBijections.ts";

export { constraint } from "./constraint.ts";
export type { Constraint } from "./types.ts";

const MAKE_POSITIVE = "Make it positive with exp or softplus";
/** How far the sum of a simplex or an entry of a unit row may be from 1: float32 data pass, typing errors don't. */
const TOLERANCE = 1e-6;

/** A bound as text: its number if it has one, its shape otherwise. */
function bound(x: TensorLike): string {
  if (typeof x === "number") return String(x);
  const t = asTensor(x);
  return hasValue(t) && t.size === 1 ? String(t.item()) : `tensor${formatShape(t.shape)}`;
}

/** Every finite number. */
export const real: Constraint = constraint({
  kind: "real",
  description: "a finite real number",
  bijection: identity,
  check: (x) => isFinite(x),
});

/** Every number and ±∞: what logits may be. */
export const extendedReal: Constraint = constraint({
  kind: "extendedReal",
  description: "a number",
  bijection: identity,
  check: (x) => logicalNot(isNaN(x)),
});

/** Numbers greater than 0. */
export const positive: Constraint = constraint({
  kind: "positive",
  lower: 0,
  hint: MAKE_POSITIVE,
  bijection: exponential,
  check: (x) => logicalAnd(greater(x, 0), isFinite(x)),
  feasible: (shape) => full(shape, 1),
});

/** Numbers not less than 0. */
export const nonnegative: Constraint = constraint({
  kind: "nonnegative",
  lower: 0,
  hint: MAKE_POSITIVE,
  bijection: exponential,
  check: (x) => logicalAnd(greaterEqual(x, 0), isFinite(x)),
  feasible: (shape) => full(shape, 1),
});

/** Numbers greater than `lower`, a number or a tensor that broadcasts with the value. */
export function greaterThan(lower: TensorLike): Constraint {
  return constraint({
    kind: "greaterThan",
    name: `greaterThan(${bound(lower)})`,
    description: `greater than ${bound(lower)}`,
    lower,
    bijection: fromBelow(lower),
    check: (x) => logicalAnd(greater(x, lower), isFinite(x)),
    feasible: (shape) => broadcastTo(add(lower, 1), shape),
  });
}

/** Numbers less than `upper`, a number or a tensor that broadcasts with the value. */
export function lessThan(upper: TensorLike): Constraint {
  return constraint({
    kind: "lessThan",
    name: `lessThan(${bound(upper)})`,
    description: `less than ${bound(upper)}`,
    upper,
    bijection: fromAbove(upper),
    check: (x) => logicalAnd(less(x, upper), isFinite(x)),
    feasible: (shape) => broadcastTo(sub(upper, 1), shape),
  });
}

/**
 * Numbers from `lower` to `upper`, both included. The bounds may be tensors, traced ones too: `interval(0, sub(1, alpha))`.
 */
export function interval(lower: TensorLike, upper: TensorLike): Constraint {
  return constraint({
    kind: "interval",
    name: `interval(${bound(lower)}, ${bound(upper)})`,
    description: `between ${bound(lower)} and ${bound(upper)}`,
    lower,
    upper,
    bijection: between(lower, upper),
    check: (x) => logicalAnd(greaterEqual(x, lower), lessEqual(x, upper)),
    feasible: (shape) => broadcastTo(mul(add(lower, upper), 0.5), shape),
  });
}

/** Numbers from 0 to 1, both included. */
export const unitInterval: Constraint = constraint({
  kind: "interval",
  name: "unitInterval",
  description: "between 0 and 1",
  lower: 0,
  upper: 1,
  hint: "Map it into [0, 1] with sigmoid, or pass logits instead",
  bijection: logistic,
  check: (x) => logicalAnd(greaterEqual(x, 0), lessEqual(x, 1)),
  feasible: (shape) => full(shape, 0.5),
});

const isInteger = (x: Tensor): Tensor => logicalAnd(equal(x, floor(x)), isFinite(x));

/** 0 or 1. */
export const boolean: Constraint = constraint({
  kind: "boolean",
  description: "0 or 1",
  isDiscrete: true,
  lower: 0,
  upper: 1,
  check: (x) => logicalAnd(isInteger(x), logicalAnd(greaterEqual(x, 0), lessEqual(x, 1))),
});

/** Integers from `lower` to `upper`, both included. */
export function integerInterval(lower: TensorLike, upper: TensorLike): Constraint {
  return constraint({
    kind: "integerInterval",
    name: `integerInterval(${bound(lower)}, ${bound(upper)})`,
    description: `an integer between ${bound(lower)} and ${bound(upper)}`,
    isDiscrete: true,
    lower,
    upper,
    check: (x) => logicalAnd(isInteger(x), logicalAnd(greaterEqual(x, lower), lessEqual(x, upper))),
    feasible: (shape) => broadcastTo(lower, shape),
  });
}

/** Integers not less than `lower`. */
export function integerGreaterThanEqual(lower: TensorLike, name?: string): Constraint {
  return constraint({
    kind: "integerGreaterThanEqual",
    name: name ?? `integerGreaterThanEqual(${bound(lower)})`,
    description: `an integer not less than ${bound(lower)}`,
    isDiscrete: true,
    lower,
    check: (x) => logicalAnd(isInteger(x), greaterEqual(x, lower)),
    feasible: (shape) => broadcastTo(asTensor(lower), shape),
  });
}

/** 0, 1, 2, … */
export const nonnegativeInteger: Constraint = integerGreaterThanEqual(0, "nonnegativeInteger");

/** 1, 2, 3, … */
export const positiveInteger: Constraint = integerGreaterThanEqual(1, "positiveInteger");

/**
 * The rightmost `n` axes of members of `base` taken together as one member.
 *
 * @throws RangeError if `n` is negative.
 */
export function independent(base: Constraint, n: number): Constraint {
  if (n < 0 || !Number.isInteger(n))
    throw new RangeError(`independent: the number of axes must be 0, 1, 2, …, got ${n}`);
  if (n === 0) return base;
  if (base.kind === "independent") return independent(base.base!, base.eventDim - base.base!.eventDim + n);
  const { bijection: _, ...rest } = base;
  return {
    ...rest,
    kind: "independent",
    name: base.kind === "real" && n === 1 ? "realVector" : `independent(${base.name}, ${n})`,
    eventDim: base.eventDim + n,
    base,
    check: (value) => allRight(base.check(value), n),
  };
}

/** Vectors of finite numbers. */
export const realVector: Constraint = independent(real, 1);

const isIncreasing = (x: Tensor): Tensor => {
  const n = x.shape[x.rank - 1]!;
  const finite = all(isFinite(x), -1);
  return n < 2 ? finite : logicalAnd(finite, all(less(sliceLast(x, 0, n - 1), sliceLast(x, 1, n)), -1));
};

const ramp = (shape: Shape): Tensor => {
  const n = shape[shape.length - 1] ?? 1;
  return broadcastTo(
    Array.from({ length: n }, (_, i) => i + 1),
    shape,
  );
};

/** Vectors whose entries increase strictly. */
export const orderedVector: Constraint = constraint({
  kind: "orderedVector",
  description: "a vector in increasing order",
  eventDim: 1,
  bijection: vectors.ordered,
  check: isIncreasing,
  feasible: ramp,
});

/** Vectors of positive entries that increase strictly. */
export const positiveOrderedVector: Constraint = constraint({
  kind: "positiveOrderedVector",
  description: "a vector of positive numbers in increasing order",
  eventDim: 1,
  bijection: vectors.positiveOrdered,
  check: (x) => logicalAnd(isIncreasing(x), all(greater(x, 0), -1)),
  feasible: ramp,
});

/** Vectors of nonnegative entries with sum 1 (to 1e-6). */
export const simplex: Constraint = constraint({
  kind: "simplex",
  description: "a simplex (nonnegative entries with sum 1)",
  eventDim: 1,
  hint: "Divide by the sum over the last axis",
  bijection: vectors.stickBreaking,
  check: (x) => logicalAnd(all(greaterEqual(x, 0), -1), lessEqual(abs(sub(sum(x, -1), 1)), TOLERANCE)),
  feasible: (shape) => full(shape, 1 / (shape[shape.length - 1] ?? 1)),
});

const identityMatrix = (shape: Shape): Tensor => broadcastTo(eye(shape[shape.length - 1] ?? 1), shape);

const isLowerTriangular = (x: Tensor): Tensor => {
  const finite = all(isFinite(x), [-1, -2]);
  return logicalAnd(finite, logicalAnd(all(equal(x, tril(x)), [-1, -2]), all(greater(diagonal(x), 0), -1)));
};

/** Lower triangular matrices with a positive diagonal. */
export const lowerCholesky: Constraint = constraint({
  kind: "lowerCholesky",
  description: "a lower triangular matrix with a positive diagonal",
  eventDim: 2,
  hint: "Zero the entries above the diagonal (tril) and check the signs of the diagonal",
  bijection: vectors.lowerTriangular,
  check: isLowerTriangular,
  feasible: identityMatrix,
});

/** Cholesky factors of correlation matrices: lower triangular, positive diagonal, rows of length 1 (to 1e-6). */
export const corrCholesky: Constraint = constraint({
  kind: "corrCholesky",
  description: "the Cholesky factor of a correlation matrix (lower triangular, positive diagonal, rows of length 1)",
  eventDim: 2,
  bijection: vectors.partialCorrelations,
  check: (x) => logicalAnd(isLowerTriangular(x), all(lessEqual(abs(sub(sum(mul(x, x), -1), 1)), TOLERANCE), -1)),
  feasible: identityMatrix,
});

/** Symmetric matrices (to 1e-6 of the largest entry) whose eigenvalues are positive. */
export const positiveDefinite: Constraint = constraint({
  kind: "positiveDefinite",
  description: "symmetric and positive definite",
  eventDim: 2,
  hint: "Symmetrise it and add a small multiple of the identity (jitter), e.g. 1e-6",
  bijection: vectors.positiveDefinite,
  check: (x) =>
    hasValue(x)
      ? positiveDefiniteCheck(x)
      : logicalAnd(
          all(lessEqual(abs(sub(x, transposeLast(x))), TOLERANCE), [-1, -2]),
          all(greater(diagonal(cholesky(x)), 0), -1),
        ),
  feasible: identityMatrix,
});
