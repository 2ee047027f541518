/** What a family of distributions is declared by: its parameters, and formulas over them. */
import type { Shape } from "../src/compiler/graph.ts";
import type { Key } from "../src/random/key.ts";
import type { Tensor, TensorLike } from "../src/tensor/tensor.ts";
import type { Constraint } from "./types.ts";

/** The parameters of a family as its formulas see them: every one of them, computed from what was given when it's asked for. */
export type Values<Name extends string> = { readonly [K in Name]: Tensor };

export interface Parameter<Name extends string> {
  /** Where its values must lie; may depend on the other parameters. */
  readonly constraint: Constraint | ((p: Values<Name>) => Constraint);
  readonly default?: TensorLike;
  /** How many of its rightmost axes belong to one distribution, not to the batch. Default 0. */
  readonly eventDim?: number;
  /** Alternatives: how it follows from another parameter when that one is given instead. Exactly one of them must be. */
  readonly from?: { readonly [K in Name]?: (given: Tensor) => Tensor };
}

export interface Definition<Name extends string> {
  readonly name: string;
  /** In the order of positional arguments. */
  readonly parameters: { readonly [K in Name]: Parameter<Name> };
  /** Here and in `logProb`, `given` has the names of the arguments, for families with alternative parameters. */
  readonly support: Constraint | ((p: Values<Name>, given: ReadonlySet<string>) => Constraint);
  /** Shape of one draw; default []. */
  readonly eventShape?: (p: Values<Name>, given: ReadonlySet<string>) => Shape;
  readonly logProb: (x: Tensor, p: Values<Name>, given: ReadonlySet<string>) => Tensor;
  /** `shape` is the full shape of the result. */
  readonly sample: (key: Key, shape: Shape, p: Values<Name>) => Tensor;
  readonly mean?: (p: Values<Name>) => Tensor;
  readonly variance?: (p: Values<Name>) => Tensor;
  readonly entropy?: (p: Values<Name>) => Tensor;
  /** Called with values within the support, rounded down if it's discrete. */
  readonly cdf?: (x: Tensor, p: Values<Name>) => Tensor;
  /** Without it, the quantiles of a discrete distribution are searched for with `cdf`. */
  readonly icdf?: (q: Tensor, p: Values<Name>) => Tensor;
  /** Every value, where they are few. */
  readonly enumerate?: (p: Values<Name>) => Tensor;
}
