/** Bijections from the real line onto sets of numbers: what constraints carry, and transforms are made of. */
import type { Shape } from "../src/compiler/graph.ts";
import { add, exp, log, log1p, mul, neg, sigmoid, softplus, sub } from "../src/tensor/math.ts";
import { broadcastShapes } from "../src/tensor/shapes.ts";
import { asTensor, shapeOf, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import { broadcastToShape } from "./axes.ts";
import type { Bijection } from "./types.ts";

/** y = x. */
export const identity: Bijection = {
  name: "IdentityTransform",
  monotone: 1,
  forward: (x) => x,
  inverse: (y) => y,
  logAbsDetJacobian: (x) => broadcastToShape(asTensor(0), x.shape),
};

/** y = exp(x). */
export const exponential: Bijection = {
  name: "ExpTransform",
  monotone: 1,
  forward: (x) => exp(x),
  inverse: (y) => log(y),
  logAbsDetJacobian: (x) => x,
};

/** y = lower + exp(x). */
export const fromBelow = (lower: TensorLike): Bijection => ({
  ...widening(lower),
  name: "LowerBoundTransform",
  monotone: 1,
  forward: (x) => add(lower, exp(x)),
  inverse: (y) => log(sub(y, lower)),
  logAbsDetJacobian: (x) => x,
});

/** y = upper − exp(x). */
export const fromAbove = (upper: TensorLike): Bijection => ({
  ...widening(upper),
  name: "UpperBoundTransform",
  monotone: -1,
  forward: (x) => sub(upper, exp(x)),
  inverse: (y) => log(sub(upper, y)),
  logAbsDetJacobian: (x) => x,
});

/** y = lower + (upper − lower) · sigmoid(x). */
export const between = (lower: TensorLike, upper: TensorLike): Bijection =>
  lower === 0 && upper === 1
    ? logistic
    : {
        ...widening(lower, upper),
        name: "IntervalTransform",
        monotone: 1,
        forward: (x) => add(lower, mul(sub(upper, lower), sigmoid(x))),
        // From both ends, so that values close to either of them keep their digits.
        inverse: (y) => sub(log(sub(y, lower)), log(sub(upper, y))),
        logAbsDetJacobian: (x) => add(log(sub(upper, lower)), logSigmoidDerivative(x)),
      };

/** y = sigmoid(x), onto the numbers between 0 and 1. */
export const logistic: Bijection = {
  name: "SigmoidTransform",
  monotone: 1,
  forward: (x) => sigmoid(x),
  inverse: (y) => logit(y),
  logAbsDetJacobian: (x) => logSigmoidDerivative(x),
};

const widening = (...bounds: TensorLike[]): Pick<Required<Bijection>, "forwardShape" | "inverseShape"> => {
  const widen = (shape: Shape): Shape => bounds.reduce((wide: Shape, by) => broadcastShapes(wide, shapeOf(by)), shape);
  return { forwardShape: widen, inverseShape: widen };
};

/** log(p / (1 − p)). */
export const logit = (p: Tensor): Tensor => sub(log(p), log1p(neg(p)));

/** log of the derivative of sigmoid: logSigmoid(x) + logSigmoid(−x), with a single softplus. */
export const logSigmoidDerivative = (x: Tensor): Tensor => sub(x, mul(2, softplus(x)));
