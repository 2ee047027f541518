/**
 * What every distribution can do, and the two wrappers that every distribution can be put into: `Independent` (batch axes
 * become part of the event) and `MaskedDistribution` (some entries don't count).
 *
 * Shapes: a draw has shape `[…sample, …batch, …event]`; a log density `[…sample, …batch]`.
 */
import type { Shape } from "../src/compiler/graph.ts";
import type { Key } from "../src/random/key.ts";
import { full, zeros } from "../src/tensor/create.ts";
import { where } from "../src/tensor/math.ts";
import { reshape } from "../src/tensor/shape.ts";
import { broadcastShapes, formatShape } from "../src/tensor/shapes.ts";
import { asTensor, hasValue, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import { broadcastToShape, leftOf, sameShape, sumRight } from "./axes.ts";
import { independent } from "./constraints.ts";
import { fillMasked, isAll } from "./masking.ts";
import type { Constraint, Distribution, DistributionJSON } from "./types.ts";
import { checkSupport } from "./validation.ts";

export type { Distribution, DistributionJSON } from "./types.ts";

/** What a distribution has to say for itself; `complete` adds what can be derived. Absent methods throw when called. */
export interface Core {
  readonly name: string;
  readonly args?: Readonly<Record<string, Tensor>>;
  readonly base?: Distribution;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly support: () => Constraint;
  readonly logProb: (x: Tensor) => Tensor;
  readonly sample: (key: Key, shape: Shape) => Tensor;
  readonly mean?: (() => Tensor) | undefined;
  readonly variance?: (() => Tensor) | undefined;
  readonly entropy?: (() => Tensor) | undefined;
  readonly cdf?: ((x: Tensor) => Tensor) | undefined;
  readonly icdf?: ((p: Tensor) => Tensor) | undefined;
  /** One axis of values. */
  readonly enumerate?: (() => Tensor) | undefined;
  readonly withArguments?: (args: Readonly<Record<string, TensorLike>>) => Distribution;
  readonly expand: (batchShape: Shape) => Distribution;
  readonly toJSON: () => DistributionJSON;
}

/** Whether something is a distribution. */
export function isDistribution(x: unknown): x is Distribution {
  return x instanceof CompleteDistribution;
}

/** Makes a distribution from its core. */
export function complete(core: Core): Distribution {
  return new CompleteDistribution(core);
}

class CompleteDistribution implements Distribution {
  readonly name: string;
  readonly args: Readonly<Record<string, Tensor>>;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  declare readonly base?: Distribution;
  readonly #core: Core;
  #support: Constraint | undefined;

  constructor(core: Core) {
    this.name = core.name;
    this.args = core.args ?? {};
    this.batchShape = core.batchShape;
    this.eventShape = core.eventShape;
    if (core.base !== undefined) this.base = core.base;
    this.#core = core;
  }

  get support(): Constraint {
    this.#support ??= this.#core.support();
    return this.#support;
  }

  get isDiscrete(): boolean {
    return this.support.isDiscrete;
  }

  get hasEnumerateSupport(): boolean {
    return this.#core.enumerate !== undefined;
  }

  get mean(): Tensor {
    return broadcastToShape(this.#need("mean")(), [...this.batchShape, ...this.eventShape]);
  }

  get variance(): Tensor {
    return broadcastToShape(this.#need("variance")(), [...this.batchShape, ...this.eventShape]);
  }

  logProb(x: TensorLike): Tensor {
    const value = asTensor(x);
    const batch = batchOf(this, value, "logProb");
    return broadcastToShape(this.#core.logProb(value), batch);
  }

  sample(key: Key, shape: Shape = []): Tensor {
    return this.#core.sample(key, shape);
  }

  entropy(): Tensor {
    return broadcastToShape(this.#need("entropy")(), this.batchShape);
  }

  cdf(x: TensorLike): Tensor {
    const cdf = this.#need("cdf");
    const value = asTensor(x);
    return broadcastToShape(cdf(value), batchOf(this, value, "cdf"));
  }

  icdf(p: TensorLike): Tensor {
    const icdf = this.#need("icdf");
    const value = asTensor(p);
    return broadcastToShape(icdf(value), batchOf(this, value, "icdf"));
  }

  enumerateSupport(): Tensor {
    const values = this.#need("enumerate")();
    return reshape(values, [values.size, ...this.batchShape.map(() => 1)]);
  }

  withArguments(args: Readonly<Record<string, TensorLike>>): Distribution {
    return this.#core.withArguments?.(args) ?? this;
  }

  expand(batchShape: Shape): Distribution {
    if (sameShape(batchShape, this.batchShape)) return this;
    if (!sameShape(tryBroadcast(this.batchShape, batchShape) ?? [], batchShape)) {
      throw new RangeError(
        `${this.name}: a batch of shape ${formatShape(this.batchShape)} can't be expanded to ${formatShape(batchShape)}; ` +
          "only axes of length 1 and new axes on the left can grow",
      );
    }
    return this.#core.expand(batchShape);
  }

  toEvent(n = 1): Distribution {
    return n === 0 ? this : Independent(this, n);
  }

  mask(mask: TensorLike): Distribution {
    return MaskedDistribution(this, mask);
  }

  checkObservation(value: TensorLike, site?: string): void {
    checkSupport(this, value, site);
  }

  toJSON(): DistributionJSON {
    return this.#core.toJSON();
  }

  toString(): string {
    const inner = Object.entries(this.args).map(([name, value]) => `${name}: ${formatArgument(value)}`);
    if (this.base !== undefined) inner.unshift(String(this.base));
    return `${this.name}(${inner.join(", ")})`;
  }

  /** How Node's console shows it. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #need<K extends "mean" | "variance" | "entropy" | "cdf" | "icdf" | "enumerate">(method: K): NonNullable<Core[K]> {
    const f = this.#core[method];
    if (f !== undefined) return f;
    const quantile = (method === "cdf" || method === "icdf") && this.eventShape.length > 0;
    const reason = quantile
      ? `${method} is for distributions of single numbers, and its event has shape ${formatShape(this.eventShape)}`
      : method === "enumerate"
        ? "its support can't be listed"
        : `${method} has no closed form`;
    const advice = method === "enumerate" ? "" : "; estimate it from draws: sample(key, [1000])";
    throw new TypeError(`${this.name}: ${reason}${advice}`);
  }
}

function formatArgument(t: Tensor): string {
  return hasValue(t) && t.size === 1 ? String(t.item()) : `tensor${formatShape(t.shape)}`;
}

function tryBroadcast(a: Shape, b: Shape): Shape | undefined {
  try {
    return broadcastShapes(a, b);
  } catch {
    return undefined;
  }
}

/** Shape of a log density at `x`, after checking `x` against the event and batch shapes. */
function batchOf(d: Distribution, x: Tensor, method: string): Shape {
  const n = d.eventShape.length;
  const event = x.shape.slice(Math.max(0, x.rank - n));
  if (x.rank < n || !sameShape(event, d.eventShape)) {
    throw new RangeError(
      `${d.name}.${method}: the value has shape ${formatShape(x.shape)}, but its rightmost axes should be the event shape ` +
        `${formatShape(d.eventShape)}`,
    );
  }
  const batch = tryBroadcast(leftOf(x.shape, n), d.batchShape);
  if (batch === undefined) {
    throw new RangeError(
      `${d.name}.${method}: the value has shape ${formatShape(x.shape)}, which doesn't broadcast with the batch shape ` +
        `${formatShape(d.batchShape)}${n > 0 ? ` and event shape ${formatShape(d.eventShape)}` : ""}; ` +
        "align the rightmost axes, or add one with expandDims",
    );
  }
  return batch;
}

/**
 * `base` with its rightmost `n` batch axes counted as part of the event: one log density for all of them.
 *
 * @throws RangeError if `base` has fewer batch axes than that.
 * @example
 * Independent(Normal(zeros([3]), 1), 1).logProb([0, 0, 0]);   // shape []
 */
export function Independent(base: Distribution, n: number): Distribution {
  const rank = base.batchShape.length;
  if (n > rank) {
    throw new RangeError(
      `${base.name}: toEvent(${n}) needs ${n} batch ${n === 1 ? "axis" : "axes"}, but the batch shape is ` +
        `${formatShape(base.batchShape)}; expand it first, or give an argument that shape`,
    );
  }
  return complete({
    name: "Independent",
    base,
    batchShape: leftOf(base.batchShape, n),
    eventShape: [...base.batchShape.slice(rank - n), ...base.eventShape],
    support: () => independent(base.support, n),
    logProb: (x) => sumRight(base.logProb(x), n),
    sample: (key, shape) => base.sample(key, shape),
    mean: () => base.mean,
    variance: () => base.variance,
    entropy: () => sumRight(base.entropy(), n),
    expand: (shape) => Independent(base.expand([...shape, ...base.batchShape.slice(rank - n)]), n),
    toJSON: () => ({ name: "Independent", args: { base: base.toJSON(), n } }),
  });
}

/**
 * `base` whose log density counts only where `mask` (broadcast with the batch) is true; elsewhere it is 0 and the value
 * isn't looked at, so it may be missing (NaN). Draws and moments are those of `base`.
 *
 * @example
 * MaskedDistribution(Normal(0, 1), [true, false]).logProb([0, NaN]);   // [-0.919, 0]
 */
export function MaskedDistribution(base: Distribution, mask: TensorLike): Distribution {
  const m = asTensor(mask, "bool");
  const batchShape = broadcastShapes(base.batchShape, m.shape);
  const wide = base.expand(batchShape);
  return complete({
    name: "MaskedDistribution",
    args: { mask: m },
    base: wide,
    batchShape,
    eventShape: base.eventShape,
    support: () => base.support,
    logProb: (x) => (isAll(m, false) ? zeros([]) : where(m, wide.logProb(fillMasked(m, x, wide)), 0)),
    sample: (key, shape) => wide.sample(key, shape),
    mean: () => wide.mean,
    variance: () => wide.variance,
    entropy: () => where(m, wide.entropy(), 0),
    cdf: base.eventShape.length === 0 ? (x) => wide.cdf(x) : undefined,
    icdf: base.eventShape.length === 0 ? (p) => wide.icdf(p) : undefined,
    enumerate: base.hasEnumerateSupport ? () => reshape(base.enumerateSupport(), [-1]) : undefined,
    expand: (shape) => MaskedDistribution(base.expand(shape), m),
    toJSON: () => ({ name: "MaskedDistribution", args: { base: base.toJSON(), mask: m.toArray() } }),
  });
}

/** A tensor of one number, for formulas that don't depend on the arguments. */
export const constant = (value: number): Tensor => full([], value);
