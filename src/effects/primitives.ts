/** The statements of a model. Each makes a message, sends it through the handlers, and returns its value. */
import type { Key } from "../random/key.ts";
import { describe } from "../tensor/describe.ts";
import { asTensor, type DType, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import type {
  DeterministicMessage,
  FactorMessage,
  InferHints,
  ParamMessage,
  PlateMessage,
  SampleMessage,
} from "./message.ts";
import { ModelError } from "./modelError.ts";
import { checkName, checkOptions } from "./options.ts";
import { type PlateScope, plateHandler, plateScope } from "./plate.ts";
import { isSamplable, type Samplable, type SupportLike } from "./samplable.ts";
import { applyStack, withHandler } from "./stack.ts";

export interface SampleOptions {
  /** The data. Undefined or null: the site is latent. Its shape has to be that of the site, or broadcast to it. */
  readonly obs?: TensorLike | null | undefined;
  /** Entries that count: where false, the log density is 0 and the observed value (which may be NaN) isn't looked at. Broadcasts to the batch. */
  readonly mask?: TensorLike | undefined;
  readonly infer?: InferHints | undefined;
}

/**
 * A random variable: drawn, conditioned, replayed … as the handlers say.
 *
 * @param distribution - expanded to the enclosing plates
 * @returns the value, of shape `[…batch, …event]`
 * @throws ModelError naming the site: shapes that don't fit the plates or the data, observed values outside the support,
 *   and when there is neither a value nor a key.
 * @example
 * const model = (y?: TensorLike) => {
 *   const mu = sample("mu", dist.Normal(0, 5));
 *   return sample("y", dist.Normal(mu, 1), { obs: y });
 * };
 */
export function sample(name: string, distribution: Samplable, options: SampleOptions = {}): Tensor {
  checkName("sample", name);
  const label = `sample site "${name}"`;
  if (!isSamplable(distribution)) {
    const got =
      typeof distribution === "function" ? "a function (call it with its arguments?)" : describe(distribution);
    throw new ModelError(
      name,
      `${label}: the second argument has to be a distribution, like dist.Normal(0, 1), got ${got}.`,
    );
  }
  checkOptions(name, label, options, ["obs", "mask", "infer"]);
  const observed = options.obs !== undefined && options.obs !== null;
  return applyStack<SampleMessage>({
    kind: "sample",
    name,
    distribution,
    value: observed ? tensorOf(name, label, options.obs as TensorLike) : undefined,
    observed,
    plates: [],
    scale: 1,
    mask: options.mask === undefined ? undefined : tensorOf(name, `${label}: mask`, options.mask, "bool"),
    infer: options.infer ?? {},
    key: undefined,
    stop: false,
  }).value!;
}

export interface ParamOptions {
  /** Where it may lie, one of `constraints.*`. Default: anywhere. */
  readonly constraint?: SupportLike | undefined;
  /** Rightmost axes that don't belong to plates. Set it to have a subsampled plate pick its rows. Default: all axes. */
  readonly eventDim?: number | undefined;
}

/**
 * A quantity to be optimised; what optimises substitutes its value.
 *
 * @param init - where to start: a value, or a function of a random key
 * @throws ModelError naming the site if the start violates the constraint, or a function of a key is given and no key.
 * @example
 * const scale = param("scale", 1, { constraint: constraints.positive });
 */
export function param(name: string, init: TensorLike | ((key: Key) => TensorLike), options: ParamOptions = {}): Tensor {
  checkName("param", name);
  checkOptions(name, `param site "${name}"`, options, ["constraint", "eventDim"]);
  return applyStack<ParamMessage>({
    kind: "param",
    name,
    init,
    constraint: options.constraint,
    eventDim: options.eventDim,
    value: undefined,
    plates: [],
    scale: 1,
    infer: {},
    key: undefined,
    stop: false,
  }).value!;
}

export interface PlateOptions {
  /** The batch axis to occupy: a negative number. Default: the rightmost one that no enclosing plate occupies. */
  readonly dim?: number | undefined;
  /** How many rows to draw, without replacement; log densities inside are scaled by size / subsampleSize. Default: all. */
  readonly subsampleSize?: number | undefined;
  /** The rows themselves, instead of drawing them. */
  readonly subsample?: TensorLike | undefined;
}

/**
 * Independent repetition: inside `fn`, every site has a batch axis of length `size`.
 *
 * @param size - number of rows, at least 1
 * @param fn - gets the plate: its row numbers, and `subsample` to pick those rows from data
 * @returns what `fn` returns
 * @throws ModelError naming the plate for a bad size, or an axis that an enclosing plate occupies.
 * @example
 * plate("school", 8, () => sample("theta", dist.Normal(mu, tau)));   // shape [8]
 * plate("row", 1000, ({ subsample }) => sample("y", dist.Normal(subsample(x), 1), { obs: subsample(y) }), { subsampleSize: 50 });
 */
export function plate<T>(name: string, size: number, fn: (plate: PlateScope) => T, options: PlateOptions = {}): T {
  checkName("plate", name);
  const label = `plate "${name}"`;
  checkPositive(name, `${label}: size`, size);
  if (typeof fn !== "function")
    throw new ModelError(
      name,
      `${label}: the third argument has to be a function holding the statements, got ${describe(fn)}. ` +
        `Write plate("${name}", size, () => { … }, options).`,
    );
  checkOptions(name, label, options, ["dim", "subsampleSize", "subsample"]);
  const value =
    options.subsample === undefined ? undefined : tensorOf(name, `${label}: subsample`, options.subsample, "int32");
  const subsampleSize = options.subsampleSize ?? value?.size ?? size;
  checkPositive(name, `${label}: subsampleSize`, subsampleSize);
  if (subsampleSize > size)
    throw new ModelError(name, `${label}: subsampleSize ${subsampleSize} is larger than the size ${size}.`);
  if (options.dim !== undefined && !(Number.isInteger(options.dim) && options.dim < 0)) {
    throw new ModelError(
      name,
      `${label}: dim has to be a negative integer, counted from the right (-1 is the rightmost), got ${options.dim}.`,
    );
  }
  const msg = applyStack<PlateMessage>({
    kind: "plate",
    name,
    size,
    subsampleSize,
    dim: options.dim,
    value,
    plates: [],
    infer: {},
    key: undefined,
    stop: false,
  });
  const frame = { name, dim: msg.dim!, size: subsampleSize, fullSize: size };
  return withHandler(plateHandler(frame, msg.value), () => fn(plateScope(frame, msg.value)));
}

/**
 * Names a computed quantity, so that it is reported along with the sampled ones.
 *
 * @returns the value as a tensor
 * @example
 * const theta = deterministic("theta", mu.add(tau.mul(z)));
 */
export function deterministic(name: string, value: TensorLike): Tensor {
  checkName("deterministic", name);
  return applyStack<DeterministicMessage>({
    kind: "deterministic",
    name,
    value: tensorOf(name, `deterministic site "${name}"`, value),
    plates: [],
    infer: {},
    stop: false,
  }).value!;
}

/**
 * Adds a term to the log density. Inside a plate the term broadcasts to the plate: a scalar counts once a row.
 *
 * @example
 * factor("penalty", square(x).mul(-0.5));
 */
export function factor(name: string, logFactor: TensorLike): void {
  checkName("factor", name);
  applyStack<FactorMessage>({
    kind: "factor",
    name,
    value: tensorOf(name, `factor site "${name}"`, logFactor),
    plates: [],
    scale: 1,
    mask: undefined,
    infer: {},
    stop: false,
  });
}

function tensorOf(name: string, label: string, value: TensorLike, dtype?: DType): Tensor {
  try {
    return asTensor(value, dtype);
  } catch (error) {
    throw new ModelError(name, `${label}: ${(error as Error).message}`, { cause: error });
  }
}

function checkPositive(name: string, what: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new ModelError(name, `${what} has to be a positive integer, got ${describe(value)}.${sizeAdvice(value)}`);
}

function sizeAdvice(value: unknown): string {
  if (value === 0) return " Is the data empty?";
  if (value === undefined) return " Is a field missing from the data? A tensor has no length: give its shape[0].";
  if (typeof value === "function") return " The size comes before the function.";
  return Array.isArray(value) ? " Give its length." : "";
}
