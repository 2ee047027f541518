/**
 * The maker of distributions: a family is a record of parameters and formulas, and everything else follows from it.
 */
import type { Shape } from "../src/compiler/graph.ts";
import { floor, isNaN as isNaNTensor, less, lessEqual, maximum, minimum, where } from "../src/tensor/math.ts";
import { broadcastTo } from "../src/tensor/shape.ts";
import { broadcastShapes, formatShape } from "../src/tensor/shapes.ts";
import { hasValue, knownValues, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import { type Given, readArguments } from "./arguments.ts";
import { leftOf, sameShape } from "./axes.ts";
import type { Constraint } from "./constraints.ts";
import type { Definition, Parameter, Values } from "./definition.ts";
import { complete, type Distribution } from "./distribution.ts";
import { isMember } from "./membership.ts";
import { discreteQuantile } from "./quantile.ts";
import { checkArgument } from "./validation.ts";

export interface DistributionOptions {
  /** Whether to check that arguments with known values satisfy their constraints. Default true. Traced arguments are never checked: their log densities are NaN or −∞ instead. */
  readonly validateArgs?: boolean;
}

export type NamedArguments<Required extends string, Optional extends string> = {
  readonly [K in Required]: TensorLike;
} & { readonly [K in Optional]?: TensorLike | undefined };

/** A function that makes distributions: arguments by position or by name in one object, options last. */
export interface Family<
  Positional extends readonly unknown[],
  Required extends string,
  Optional extends string = never,
> {
  (...args: [...Positional, options?: DistributionOptions]): Distribution;
  (args: NamedArguments<Required, Optional>, options?: DistributionOptions): Distribution;
}

/**
 * Declares a family of distributions.
 *
 * @example
 * // test/distributions/family.test.ts has it: the density x ↦ 2 x / c² on [0, c]
 * export const Ramp: Family<[end?: TensorLike], never, "end"> = distribution({
 *   name: "Ramp",
 *   parameters: { end: { constraint: positive, default: 1 } },
 *   support: ({ end }) => interval(0, end),
 *   logProb: (x, { end }) => log(div(mul(2, x), square(end))),
 *   sample: (key, shape, { end }) => mul(end, sqrt(uniform(key, shape))),
 *   mean: ({ end }) => mul(2 / 3, end),
 * });
 */
export function distribution<Positional extends readonly unknown[], Required extends string, Optional extends string>(
  definition: Definition<NoInfer<Required | Optional>>,
): Family<Positional, Required, Optional> {
  // A function of this kind may also be called with `new`.
  function family(...args: readonly unknown[]): Distribution {
    return make(definition, args);
  }
  Object.defineProperty(family, "name", { value: definition.name });
  return family as Family<Positional, Required, Optional>;
}

function make<Name extends string>(definition: Definition<Name>, args: readonly unknown[]): Distribution {
  const { given, validateArgs } = readArguments(definition, args);
  const made = instantiate(definition, given, undefined);
  if (validateArgs) validate(definition, given, made.eventShape);
  return made;
}

/** The parameters, those not given computed on demand. */
function valuesOf<Name extends string>(definition: Definition<Name>, given: Given): Values<Name> {
  const values: Record<string, Tensor> = {};
  for (const [name, parameter] of Object.entries<Parameter<Name>>(definition.parameters)) {
    if (name in given) {
      values[name] = given[name]!;
      continue;
    }
    const source = Object.keys(parameter.from ?? {}).find((a) => a in given)!;
    let computed: Tensor | undefined;
    Object.defineProperty(values, name, {
      get: () => {
        computed ??= parameter.from![source as Name]!(given[source]!);
        return computed;
      },
    });
  }
  return values as Values<Name>;
}

function validate<Name extends string>(definition: Definition<Name>, given: Given, eventShape: Shape): void {
  const values = valuesOf(definition, given);
  for (const name of Object.keys(given)) {
    const { constraint, eventDim } = definition.parameters[name as Name];
    if (eventDim === 1 && eventShape.length === 1) checkLength(definition.name, name, given[name]!, eventShape[0]!);
    checkArgument(
      definition.name,
      name,
      given[name]!,
      typeof constraint === "function" ? constraint(values) : constraint,
    );
  }
}

/** @throws RangeError when a vector has not the length of the event, nor 1. */
function checkLength(family: string, name: string, { shape }: Tensor, length: number): void {
  const own = shape[shape.length - 1] ?? 1;
  if (own === 1 || own === length) return;
  throw new RangeError(
    `${family}: ${name} has shape ${formatShape(shape)}, but a draw has ${length} entries; give it ${length} along its last axis`,
  );
}

/** Batch shape of the arguments: what is left of each one's event axes, broadcast. */
function batchShapeOf<Name extends string>(definition: Definition<Name>, given: Given): Shape {
  let shape: Shape = [];
  for (const [name, value] of Object.entries(given)) {
    const own = leftOf(value.shape, definition.parameters[name as Name].eventDim ?? 0);
    try {
      shape = broadcastShapes(shape, own);
    } catch {
      const shapes = Object.entries(given).map(([n, v]) => `${n} ${formatShape(v.shape)}`);
      throw new RangeError(
        `${definition.name}: the shapes of the arguments don't broadcast: ${shapes.join(", ")}; ` +
          "align their rightmost axes, or add one with expandDims",
      );
    }
  }
  return shape;
}

function instantiate<Name extends string>(
  definition: Definition<Name>,
  given: Given,
  expanded: Shape | undefined,
): Distribution {
  const p = valuesOf(definition, given);
  const names: ReadonlySet<string> = new Set(Object.keys(given));
  const natural = batchShapeOf(definition, given);
  const batchShape = expanded ?? natural;
  const eventShape = definition.eventShape?.(p, names) ?? [];
  const { support, mean, variance, entropy, cdf, icdf, enumerate } = definition;
  const supportOf = (): Constraint => (typeof support === "function" ? support(p, names) : support);
  const made: Distribution = complete({
    name: definition.name,
    args: given,
    batchShape,
    eventShape,
    support: supportOf,
    logProb: (x) => maskOutside(x, definition.logProb(x, p, names), made.support),
    sample: (key, shape) => definition.sample(key, [...shape, ...batchShape, ...eventShape], p),
    mean: mean && (() => mean(p)),
    variance: variance && (() => variance(p)),
    entropy: entropy && (() => entropy(p)),
    cdf: cdf && ((x) => cdfWithin(x, made.support, (v) => cdf(v, p))),
    icdf:
      icdf !== undefined
        ? (q) => icdf(q, p)
        : cdf && supportOf().isDiscrete
          ? (q) => discreteQuantile(q, made)
          : undefined,
    enumerate: enumerate && (() => enumerate(p)),
    withArguments: (args) => make(definition, [args]),
    expand: (shape) => instantiate(definition, given, shape),
    toJSON: () => ({ name: definition.name, args: jsonArguments(definition, given, natural, batchShape) }),
  });
  return made;
}

/** Arguments as nested arrays; an expanded batch is written into the first argument, where it can be read back from. */
function jsonArguments<Name extends string>(
  definition: Definition<Name>,
  given: Given,
  natural: Shape,
  batch: Shape,
): Record<string, unknown> {
  const entries = Object.entries(given).map(([name, value], i): [string, unknown] => {
    if (i > 0 || sameShape(natural, batch)) return [name, value.toArray()];
    const eventDim = Math.min(value.rank, definition.parameters[name as Name].eventDim ?? 0);
    return [name, broadcastTo(value, [...batch, ...value.shape.slice(value.rank - eventDim)]).toArray()];
  });
  return Object.fromEntries(entries);
}

/**
 * −∞ outside the support. Nothing is added when the value is known to be inside: because its kind of support is
 * everything, because a bijection made it, or because it is data that was looked at.
 */
function maskOutside(x: Tensor, logProb: Tensor, support: Constraint): Tensor {
  const kind = (support.base ?? support).kind;
  if (kind === "real" || kind === "extendedReal" || isMember(x, support)) return logProb;
  const inside = support.check(x);
  if (knownValues(inside)?.every((v: number) => v !== 0)) return logProb;
  const outside =
    support.eventDim === 0 && hasValue(x)
      ? where(isNaNTensor(x), Number.NaN, Number.NEGATIVE_INFINITY)
      : Number.NEGATIVE_INFINITY;
  return where(inside, logProb, outside);
}

/** A distribution function outside its support too: formulas hold within. */
function cdfWithin(x: Tensor, support: Constraint, cdf: (x: Tensor) => Tensor): Tensor {
  const { lower, upper, isDiscrete } = support;
  let value = isDiscrete ? floor(x) : x;
  if (lower !== undefined) value = maximum(value, lower);
  if (upper !== undefined) value = minimum(value, upper);
  const p = cdf(value);
  if (lower === undefined) return p;
  // A discrete distribution has mass on its lower bound; a continuous formula there may be 0 · ∞ or −0.
  return where(isDiscrete ? less(x, lower) : lessEqual(x, lower), 0, p);
}
