/** Distributions of transformed variables. */
import { add, mul, square, sub } from "../src/tensor/math.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { sumRight } from "./axes.ts";
import { independent } from "./constraints.ts";
import { complete, type Distribution } from "./distribution.ts";
import { composed, type Transform } from "./transforms.ts";

/**
 * The distribution of `transforms(x)`, the first transform first, for x from `base`.
 *
 * Its moments are known when every transform is affine, its distribution function when each is elementwise and monotone.
 *
 * @example
 * transformed(Normal(0, 1), AffineTransform(loc, scale), ExpTransform());   // LogNormal(loc, scale)
 */
export function transformed(base: Distribution, ...transforms: readonly Transform[]): Distribution {
  return TransformedDistribution(base, transforms);
}

/**
 * `transformed` with the transforms in an array (or a single one).
 *
 * @throws RangeError if there is no transform, or one of them needs more event axes than `base` can give.
 */
export function TransformedDistribution(
  base: Distribution,
  transforms: Transform | readonly Transform[],
): Distribution {
  const parts = Array.isArray(transforms) ? (transforms as readonly Transform[]) : [transforms as Transform];
  const t = composed(...parts);
  // A transform of whole vectors takes batch axes of numbers as their entries.
  const missing = Math.max(0, t.domain.eventDim - base.eventShape.length);
  const inner = widenBatch(base, t).toEvent(missing);
  const eventDim = inner.eventShape.length + t.codomain.eventDim - t.domain.eventDim;
  const shape = t.forwardShape([...inner.batchShape, ...inner.eventShape]);
  const batchShape = shape.slice(0, shape.length - eventDim);
  const eventShape = shape.slice(shape.length - eventDim);
  const affine = parts.every((p) => p.affine !== undefined) ? parts.map((p) => p.affine!) : undefined;
  const single = eventDim === 0 && t.monotone !== undefined && !base.isDiscrete;
  return complete({
    name: "TransformedDistribution",
    base: inner,
    batchShape,
    eventShape,
    support: () => independent(t.codomain, eventDim - t.codomain.eventDim),
    logProb: (y) => {
      let value = y;
      let total: Tensor | undefined;
      let dim = eventDim;
      for (const part of [...parts].reverse()) {
        const x = part.inverse(value);
        dim += part.domain.eventDim - part.codomain.eventDim;
        const term = sumRight(part.logAbsDetJacobian(x, value), dim - part.domain.eventDim);
        total = total === undefined ? term : add(total, term);
        value = x;
      }
      return sub(inner.logProb(value), total!);
    },
    sample: (key, sampleShape) => t.forward(inner.sample(key, sampleShape)),
    mean: affine && (() => affine.reduce((m, { loc, scale }) => add(loc, mul(scale, m)), inner.mean)),
    variance: affine && (() => affine.reduce((v, { scale }) => mul(square(scale), v), inner.variance)),
    cdf: single ? (y) => flipped(t, inner.cdf(t.inverse(y))) : undefined,
    icdf: single ? (p) => t.forward(inner.icdf(flipped(t, p))) : undefined,
    expand: (to) => TransformedDistribution(inner.expand(to), parts),
    toJSON: () => {
      throw new TypeError(
        "TransformedDistribution: transforms have no JSON form. Use a distribution with a name, such as LogNormal, or keep the base's JSON",
      );
    },
  });
}

/** A probability, counted from the other end when the transform turns the line round. */
const flipped = (t: Transform, p: Tensor): Tensor => (t.monotone === 1 ? p : sub(1, p));

/** `base` with the batch that parameters of the transform bring: each of their entries moves a draw of its own. */
function widenBatch(base: Distribution, t: Transform): Distribution {
  if (t.domain.eventDim > 0 || base.eventShape.length > 0) return base;
  return base.expand(t.forwardShape(base.batchShape));
}
