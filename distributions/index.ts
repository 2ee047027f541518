/**
 * Distributions, constraints and transforms: `lapilli/distributions`, and `dist` on the root.
 */
export { biject } from "./biject.ts";
export type { Constraint } from "./constraints.ts";
export * as constraints from "./constraints.ts";
export type { Definition, Parameter, Values } from "./definition.ts";
export {
  type Core,
  complete,
  type Distribution,
  type DistributionJSON,
  Independent,
  isDistribution,
  MaskedDistribution,
} from "./distribution.ts";
export * from "./families.ts";
export { type DistributionOptions, distribution, type Family, type NamedArguments } from "./family.ts";
export { ImproperUniform } from "./improperUniform.ts";
export { fromJSON } from "./json.ts";
export { kl } from "./kl.ts";
export { TransformedDistribution, transformed } from "./transformed.ts";
export {
  AffineTransform,
  composed,
  ExpTransform,
  IdentityTransform,
  independentTransform,
  inverted,
  PowerTransform,
  SigmoidTransform,
  SoftplusTransform,
  TanhTransform,
  type Transform,
  transform,
} from "./transforms.ts";
export { checkSupport } from "./validation.ts";
export {
  CorrCholeskyTransform,
  LowerCholeskyTransform,
  OrderedTransform,
  PositiveDefiniteTransform,
  PositiveOrderedTransform,
  StickBreakingTransform,
} from "./vectorTransforms.ts";
