/**
 * The maker of distributions: a family is a record of parameters and formulas, and everything else follows from it.
 */
import type { Shape } from "../src/compiler/graph.ts";
import type { Key } from "../src/random/key.ts";
import { describe, isPlainObject, remedy } from "../src/tensor/describe.ts";
import { floor, isNaN as isNaNTensor, less, lessEqual, maximum, minimum, where } from "../src/tensor/math.ts";
import { broadcastTo } from "../src/tensor/shape.ts";
import { broadcastShapes, formatShape } from "../src/tensor/shapes.ts";
import { nearestName, suggestion } from "../src/tensor/spelling.ts";
import { asTensor, hasValue, knownValues, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import { leftOf, sameShape } from "./axes.ts";
import type { Constraint } from "./constraints.ts";
import { complete, type Distribution } from "./distribution.ts";
import { isMember } from "./membership.ts";
import { discreteQuantile } from "./quantile.ts";
import { meantName } from "./usualNames.ts";
import { checkArgument } from "./validation.ts";

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

type Given = Readonly<Record<string, Tensor>>;

/** Sorts a call's arguments into parameters and options. */
function readArguments<Name extends string>(
  definition: Definition<Name>,
  args: readonly unknown[],
): { given: Given; validateArgs: boolean } {
  const parameters: Readonly<Record<string, Parameter<Name>>> = definition.parameters;
  const family = definition.name;
  const names = Object.keys(parameters);
  const raw: Record<string, unknown> = {};
  let options: unknown = {};
  if (isPlainObject(args[0])) {
    const { validateArgs, ...named } = args[0];
    Object.assign(raw, named);
    options = args[1] ?? (validateArgs === undefined ? {} : { validateArgs });
  } else {
    args.forEach((arg, i) => {
      if (isPlainObject(arg)) options = arg;
      else if (i < names.length) raw[names[i]!] = arg;
      else if (arg !== undefined)
        throw new TypeError(`${family}: takes ${signature(parameters)}, got ${args.length} arguments`);
    });
  }
  const unknown = Object.keys(raw).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const listed = unknown.map((name) => `"${name}"`).join(", ");
    throw new TypeError(
      `${family}: no argument ${listed}; it takes ${signature(parameters)}${didYouMean(unknown, names)}`,
    );
  }
  const validateArgs = readOptions(family, options, names);
  const given: Record<string, Tensor> = {};
  for (const name of names) {
    const value = raw[name] ?? parameters[name]!.default;
    if (name in raw) checkPresent(family, name, raw[name], parameters[name]!);
    if (value !== undefined) given[name] = argument(family, name, value);
  }
  for (const name of names) {
    const alternatives = [name, ...Object.keys(parameters[name]!.from ?? {})];
    const chosen = alternatives.filter((a) => a in given);
    if (chosen.length === 1) continue;
    const absent = alternatives.find((a) => a in raw);
    if (chosen.length === 0 && absent !== undefined) throw absentValue(family, absent, raw[absent], "");
    const listed = alternatives.length === 1 ? `"${name}"` : `one of ${alternatives.map((a) => `"${a}"`).join(", ")}`;
    throw new TypeError(
      chosen.length === 0
        ? `${family}: ${listed} is missing; it takes ${places(names)}`
        : `${family}: ${chosen.map((a) => `"${a}"`).join(" and ")} say the same thing; pass one of them`,
    );
  }
  return { given, validateArgs };
}

/** A default stands in for an argument that was left out, not for one that came out undefined. */
function checkPresent(family: string, name: string, value: unknown, parameter: Parameter<string>): void {
  const standIn = parameter.default;
  if ((value !== undefined && value !== null) || standIn === undefined) return;
  throw absentValue(family, name, value, ` Leave the argument out to get its default, ${String(standIn)}.`);
}

const absentValue = (family: string, name: string, value: unknown, advice: string): TypeError =>
  new TypeError(`${family}: ${name} is ${String(value)}. ${remedy(value)}${advice}`);

function argument(family: string, name: string, value: unknown): Tensor {
  try {
    return asTensor(value as TensorLike);
  } catch (error) {
    throw new TypeError(`${family}: ${name}: ${(error as Error).message}`, { cause: error });
  }
}

function readOptions(family: string, options: unknown, names: readonly string[]): boolean {
  if (!isPlainObject(options)) {
    throw new TypeError(`${family}: the options have to be an object, { validateArgs }, got ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (name === "validateArgs") continue;
    const meant = nearestName(name, ["validateArgs"]) ? undefined : meantName(name, names);
    throw new TypeError(
      meant === undefined
        ? `${family}: unknown option "${name}"${suggestion(name, ["validateArgs"])}`
        : `${family}: unknown option "${name}"; did you mean the argument "${meant}"? Arguments by name go into one object with all others: ` +
            `${family}({ ${[...new Set([names[0], meant])].map((n) => `${n}: …`).join(", ")} })`,
    );
  }
  const { validateArgs = true } = options;
  if (typeof validateArgs === "boolean") return validateArgs;
  throw new TypeError(`${family}: validateArgs has to be true or false, got ${describe(validateArgs)}`);
}

const places = (names: readonly string[]): string => `(${names.join(", ")}, { validateArgs }?)`;

/** The arguments in the order of their places, and which of them stand for each other. */
function signature(parameters: Readonly<Record<string, Parameter<string>>>): string {
  const names = Object.keys(parameters);
  const alternatives = names.filter((name) => parameters[name]!.from);
  return `${places(names)}${alternatives.length > 0 ? ` with one of ${alternatives.join(", ")}` : ""}`;
}

/** `. Did you mean "loc", "scale"?`, or nothing. */
function didYouMean(unknown: readonly string[], names: readonly string[]): string {
  const meant = unknown.map((name) => meantName(name, names)).filter((name) => name !== undefined);
  return meant.length > 0 ? `. Did you mean ${meant.map((name) => `"${name}"`).join(", ")}?` : "";
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
