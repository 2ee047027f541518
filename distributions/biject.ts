import type { Shape } from "../src/compiler/graph.ts";
import { add, exp, log, mul, sigmoid, sub } from "../src/tensor/math.ts";
import { broadcastShapes } from "../src/tensor/shapes.ts";
import { asTensor, type Tensor } from "../src/tensor/tensor.ts";
import type { Constraint } from "./constraints.ts";
import { markMember } from "./membership.ts";
import {
  ExpTransform,
  IdentityTransform,
  independentTransform,
  logit,
  logSigmoidDerivative,
  type Transform,
  transform,
} from "./transforms.ts";
import {
  CorrCholeskyTransform,
  LowerCholeskyTransform,
  OrderedTransform,
  PositiveDefiniteTransform,
  PositiveOrderedTransform,
  StickBreakingTransform,
} from "./vectorTransforms.ts";

/** y = lower + exp(x). */
function fromBelow(c: Constraint): Transform {
  const lower = asTensor(c.lower!);
  return transform({
    ...widening(lower),
    name: "LowerBoundTransform",
    codomain: c,
    monotone: 1,
    forward: (x) => add(lower, exp(x)),
    inverse: (y) => log(sub(y, lower)),
    logAbsDetJacobian: (x) => x,
  });
}

/** y = upper − exp(x). */
function fromAbove(c: Constraint): Transform {
  const upper = asTensor(c.upper!);
  return transform({
    ...widening(upper),
    name: "UpperBoundTransform",
    codomain: c,
    monotone: -1,
    forward: (x) => sub(upper, exp(x)),
    inverse: (y) => log(sub(upper, y)),
    logAbsDetJacobian: (x) => x,
  });
}

/** y = lower + (upper − lower) · sigmoid(x). */
function between(c: Constraint): Transform {
  const unit = c.lower === 0 && c.upper === 1;
  const lower = asTensor(c.lower!);
  const width = sub(c.upper!, lower);
  return transform({
    ...widening(width),
    name: "IntervalTransform",
    codomain: c,
    monotone: 1,
    forward: (x) => (unit ? sigmoid(x) : add(lower, mul(width, sigmoid(x)))),
    // From both ends, so that values close to either of them keep their digits.
    inverse: (y) => (unit ? logit(y) : sub(log(sub(y, lower)), log(sub(c.upper!, y)))),
    logAbsDetJacobian: (x) => (unit ? logSigmoidDerivative(x) : add(log(width), logSigmoidDerivative(x))),
  });
}

const widening = (by: Tensor): { forwardShape: (s: Shape) => Shape; inverseShape: (s: Shape) => Shape } => ({
  forwardShape: (shape) => broadcastShapes(shape, by.shape),
  inverseShape: (shape) => broadcastShapes(shape, by.shape),
});

const BIJECTIONS: Readonly<Record<string, (c: Constraint) => Transform>> = {
  real: () => IdentityTransform(),
  extendedReal: () => IdentityTransform(),
  positive: () => ExpTransform(),
  nonnegative: () => ExpTransform(),
  greaterThan: fromBelow,
  lessThan: fromAbove,
  interval: between,
  orderedVector: () => OrderedTransform(),
  positiveOrderedVector: () => PositiveOrderedTransform(),
  simplex: () => StickBreakingTransform(),
  lowerCholesky: () => LowerCholeskyTransform(),
  corrCholesky: () => CorrCholeskyTransform(),
  positiveDefinite: () => PositiveDefiniteTransform(),
  independent: (c) => independentTransform(biject(c.base!), c.eventDim - c.base!.eventDim),
};

/**
 * The default bijection from unconstrained numbers onto a constraint: Stan's (up to 2.36 for the simplex).
 *
 * Bounds may be traced tensors. What `forward` returns is remembered as a member of the constraint, so that a log
 * density with that support needn't test it.
 *
 * @throws TypeError if the constraint is discrete or has no bijection; the message says what to do instead.
 * @example
 * const t = biject(constraints.positive);
 * t.forward(0).item();                          // 1
 * t.logAbsDetJacobian(0.3, t.forward(0.3)).item();   // 0.3
 */
export function biject(constraint: Constraint): Transform {
  if (constraint.isDiscrete) {
    throw new TypeError(
      `biject: ${constraint.name} is discrete and has no bijection from real numbers. ` +
        "Sum the variable out (enumerate it), or observe it",
    );
  }
  const make = constraint.bijection ?? BIJECTIONS[constraint.kind];
  if (make === undefined) {
    throw new TypeError(
      `biject: no bijection is known for ${constraint.name}. ` +
        "Give the constraint a `bijection`, or write the model with a constraint that has one",
    );
  }
  const t = make(constraint);
  return { ...t, codomain: constraint, forward: (x) => markMember(t.forward(x), constraint) };
}
