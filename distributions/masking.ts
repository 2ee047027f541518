/** Values under a mask: what a distribution looks at, and what it doesn't. */
import { where } from "../src/tensor/math.ts";
import { broadcastShapes } from "../src/tensor/shapes.ts";
import { knownValues, type Tensor } from "../src/tensor/tensor.ts";
import { expandRight } from "./axes.ts";
import { isMember, markMember } from "./membership.ts";
import type { Distribution } from "./types.ts";

/** Whether a mask with known values is the same everywhere. */
export const isAll = (mask: Tensor, truth: boolean): boolean =>
  knownValues(mask)?.every((v: number) => (v !== 0) === truth) === true;

/** The value with harmless members of the support where it is masked: 0 · NaN would reach the gradient otherwise. */
export function fillMasked(mask: Tensor, x: Tensor, d: Distribution): Tensor {
  if (isAll(mask, true)) return x;
  const wide = expandRight(mask, d.eventShape.length);
  const filled = where(wide, x, d.support.feasible(broadcastShapes(x.shape, wide.shape)));
  return isMember(x, d.support) ? markMember(filled, d.support) : filled;
}

/** The mask of a `MaskedDistribution`. */
const maskOf = (d: Distribution): Tensor | undefined => (d.name === "MaskedDistribution" ? d.args.mask : undefined);

/** All masks that a distribution is wrapped in. */
export function masksOf(d: Distribution): readonly Tensor[] {
  const rest = d.base === undefined ? [] : masksOf(d.base);
  const own = maskOf(d);
  return own === undefined ? rest : [own, ...rest];
}

/** The value with every masked entry, at any depth of wrapping, replaced by a member of the support. */
export function visibleValue(d: Distribution, value: Tensor): Tensor {
  // Values of a transformed distribution don't line up with those of its base.
  const inner = d.base === undefined || d.name === "TransformedDistribution" ? value : visibleValue(d.base, value);
  const own = maskOf(d);
  return own === undefined ? inner : fillMasked(own, inner, d);
}
