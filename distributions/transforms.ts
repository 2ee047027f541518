/**
 * Transforms: invertible maps with the logarithm of the absolute determinant of their Jacobian.
 *
 * A transform is a plain object. `domain` and `codomain` say which sets it maps onto each other and, by their
 * `eventDim`, how many rightmost axes it treats as one point.
 */
import type { Shape } from "../src/compiler/graph.ts";
import { abs, add, div, expm1, log, log1p, mul, neg, pow, sign, softplus, sub, tanh } from "../src/tensor/math.ts";
import { broadcastShapes } from "../src/tensor/shapes.ts";
import { asTensor, knownValues, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import { broadcastToShape, sumRight } from "./axes.ts";
import { exponential, logistic } from "./bijections.ts";
import { greaterThan, independent, interval, lessThan, positive, real, unitInterval } from "./constraints.ts";
import type { Bijection, Constraint, Transform } from "./types.ts";

export type { Transform } from "./types.ts";

interface Definition extends Bijection {
  readonly domain?: Constraint;
  readonly codomain?: Constraint;
  readonly affine?: { readonly loc: Tensor; readonly scale: Tensor };
}

/**
 * Makes a transform from its map, inverse and log-Jacobian; what is left out is a map of the real line onto itself that
 * keeps shapes.
 *
 * @example
 * const cube = transform({
 *   name: "cube",
 *   forward: (x) => mul(x, mul(x, x)),
 *   inverse: (y) => mul(sign(y), pow(abs(y), 1 / 3)),
 *   logAbsDetJacobian: (x) => log(mul(3, mul(x, x))),
 * });
 */
export function transform(definition: Definition): Transform {
  const same = (shape: Shape): Shape => shape;
  return {
    domain: real,
    codomain: real,
    forwardShape: same,
    inverseShape: same,
    ...definition,
    forward: (x) => definition.forward(asTensor(x)),
    inverse: (y) => definition.inverse(asTensor(y)),
    logAbsDetJacobian: (x, y) => definition.logAbsDetJacobian(asTensor(x), asTensor(y)),
  };
}

/** y = x. */
export function IdentityTransform(domain: Constraint = real): Transform {
  return transform({
    name: "IdentityTransform",
    domain,
    codomain: domain,
    monotone: 1,
    forward: (x) => x,
    inverse: (y) => y,
    logAbsDetJacobian: (x) => sumRight(broadcastToShape(asTensor(0), x.shape), domain.eventDim),
  });
}

/** y = exp(x), onto the positive numbers. */
export const ExpTransform = (): Transform => transform({ ...exponential, codomain: positive });

/** y = 1 / (1 + exp(−x)), onto the unit interval. */
export const SigmoidTransform = (): Transform => transform({ ...logistic, codomain: unitInterval });

/** y = tanh(x), onto the interval from −1 to 1. */
export function TanhTransform(): Transform {
  return transform({
    name: "TanhTransform",
    codomain: interval(-1, 1),
    monotone: 1,
    forward: (x) => tanh(x),
    inverse: (y) => mul(0.5, sub(log1p(y), log1p(neg(y)))),
    // log(1 − tanh² x) = 2 (log 2 − x − softplus(−2x)), which doesn't cancel.
    logAbsDetJacobian: (x) => mul(2, sub(Math.LN2, add(x, softplus(mul(-2, x))))),
  });
}

/** y = log(1 + exp(x)), onto the positive numbers. */
export function SoftplusTransform(): Transform {
  return transform({
    name: "SoftplusTransform",
    codomain: positive,
    monotone: 1,
    forward: (x) => softplus(x),
    // y + log(1 − exp(−y))
    inverse: (y) => add(y, log(neg(expm1(neg(y))))),
    logAbsDetJacobian: (x) => neg(softplus(neg(x))),
  });
}

/** y = x ** exponent, from the positive numbers onto themselves. */
export function PowerTransform(exponent: TensorLike): Transform {
  const e = asTensor(exponent);
  return transform({
    name: "PowerTransform",
    domain: positive,
    codomain: positive,
    ...monotoneBySign(e),
    forward: (x) => pow(x, e),
    inverse: (y) => pow(y, div(1, e)),
    logAbsDetJacobian: (x, y) => log(abs(div(mul(e, y), x))),
    forwardShape: (shape) => broadcastShapes(shape, e.shape),
    inverseShape: (shape) => broadcastShapes(shape, e.shape),
  });
}

/**
 * y = loc + scale · x, elementwise; both may be tensors that broadcast with x. `scale` must not be 0.
 *
 * @example
 * transformed(Normal(0, 1), AffineTransform(mu, sigma));   // Normal(mu, sigma), non-centred
 */
export function AffineTransform(loc: TensorLike, scale: TensorLike, domain: Constraint = real): Transform {
  const affine = { loc: asTensor(loc), scale: asTensor(scale) };
  const forward = (x: TensorLike): Tensor => add(affine.loc, mul(affine.scale, x));
  const widen = (shape: Shape): Shape => broadcastShapes(shape, broadcastShapes(affine.loc.shape, affine.scale.shape));
  return transform({
    name: "AffineTransform",
    domain,
    codomain: affineImage(domain, affine.scale, forward),
    ...monotoneBySign(affine.scale),
    affine,
    forward,
    inverse: (y) => div(sub(y, affine.loc), affine.scale),
    logAbsDetJacobian: (x) => broadcastToShape(log(abs(affine.scale)), broadcastShapes(x.shape, affine.scale.shape)),
    forwardShape: widen,
    inverseShape: widen,
  });
}

/** Where an affine map takes a set of numbers; a scale of unknown or mixed sign is taken to be positive. */
function affineImage(domain: Constraint, scale: Tensor, forward: (x: TensorLike) => Tensor): Constraint {
  const { lower, upper } = domain;
  const flipped = monotoneBySign(scale).monotone === -1;
  if (lower !== undefined && upper !== undefined) {
    return flipped ? interval(forward(upper), forward(lower)) : interval(forward(lower), forward(upper));
  }
  if (lower !== undefined) return flipped ? lessThan(forward(lower)) : greaterThan(forward(lower));
  if (upper !== undefined) return flipped ? greaterThan(forward(upper)) : lessThan(forward(upper));
  return real;
}

function monotoneBySign(t: Tensor): { monotone?: 1 | -1 } {
  const known = knownValues(sign(t));
  if (!known) return {};
  const signs = new Set(Array.from(known));
  return signs.size === 1 && !signs.has(0) ? { monotone: signs.has(1) ? 1 : -1 } : {};
}

/** The inverse map as a transform of its own. */
export function inverted(t: Transform): Transform {
  return transform({
    name: `inverse of ${t.name}`,
    domain: t.codomain,
    codomain: t.domain,
    ...(t.monotone === undefined ? {} : { monotone: t.monotone }),
    forward: (x) => t.inverse(x),
    inverse: (y) => t.forward(y),
    logAbsDetJacobian: (x, y) => neg(t.logAbsDetJacobian(y, x)),
    forwardShape: (shape) => t.inverseShape(shape),
    inverseShape: (shape) => t.forwardShape(shape),
  });
}

/**
 * The transforms one after the other, the first one first.
 *
 * @throws RangeError if there are none.
 */
export function composed(...parts: readonly Transform[]): Transform {
  if (parts.length === 0) throw new RangeError("composed: needs at least one transform");
  const first = parts[0]!;
  const last = parts[parts.length - 1]!;
  const { domainDim, codomainDim } = composedEventDims(parts);
  const monotone = parts.reduce<number>((s, t) => s * (t.monotone ?? 0), 1);
  return transform({
    name: `composed(${parts.map((t) => t.name).join(", ")})`,
    domain: independent(first.domain, domainDim - first.domain.eventDim),
    codomain: independent(last.codomain, codomainDim - last.codomain.eventDim),
    ...(monotone === 0 ? {} : { monotone: monotone as 1 | -1 }),
    forward: (x) => parts.reduce((v, t) => t.forward(v), x),
    inverse: (y) => parts.reduceRight((v, t) => t.inverse(v), y),
    logAbsDetJacobian: (x) => {
      let dim = domainDim;
      let v = x;
      let total: Tensor | undefined;
      for (const t of parts) {
        const w = t.forward(v);
        const term = sumRight(t.logAbsDetJacobian(v, w), dim - t.domain.eventDim);
        total = total === undefined ? term : add(total, term);
        dim += t.codomain.eventDim - t.domain.eventDim;
        v = w;
      }
      return total!;
    },
    forwardShape: (shape) => parts.reduce((s, t) => t.forwardShape(s), shape),
    inverseShape: (shape) => parts.reduceRight((s, t) => t.inverseShape(s), shape),
  });
}

/** How many rightmost axes a composition treats as one point, on either side. */
function composedEventDims(parts: readonly Transform[]): { domainDim: number; codomainDim: number } {
  let domainDim = 0;
  let offset = 0;
  for (const t of parts) {
    domainDim = Math.max(domainDim, t.domain.eventDim - offset);
    offset += t.codomain.eventDim - t.domain.eventDim;
  }
  return { domainDim, codomainDim: domainDim + offset };
}

/** The same map with `n` more axes counted as part of a point: its log-Jacobian is summed over them. */
export function independentTransform(t: Transform, n: number): Transform {
  if (n === 0) return t;
  return transform({
    name: t.name,
    domain: independent(t.domain, n),
    codomain: independent(t.codomain, n),
    forward: (x) => t.forward(x),
    inverse: (y) => t.inverse(y),
    logAbsDetJacobian: (x, y) => sumRight(t.logAbsDetJacobian(x, y), n),
    forwardShape: (shape) => t.forwardShape(shape),
    inverseShape: (shape) => t.inverseShape(shape),
  });
}
