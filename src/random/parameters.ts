/** Parameters of samplers: their broadcast shape, their values by element, and the errors for bad ones. */
import {
  broadcastShapes,
  broadcastStrides,
  eachOffset,
  formatShape,
  indexAt,
  sameShape,
  sizeOf,
} from "../compiler/shapes.ts";
import { asTensor, knownValues, type Shape, type Tensor, type TensorLike, type TypedArray } from "../tensor/tensor.ts";

/** Values of one parameter over the elements of a result: that of element i is `data[i * step]`. */
export interface Column {
  readonly data: TypedArray;
  readonly step: 0 | 1;
}

/** What a parameter must satisfy. NaN never does. */
export interface Requirement {
  readonly holds: (x: number) => boolean;
  readonly text: string;
}

export const finite: Requirement = { holds: Number.isFinite, text: "finite" };
export const positive: Requirement = {
  holds: (x) => x > 0 && x < Number.POSITIVE_INFINITY,
  text: "positive and finite",
};
export const nonNegative: Requirement = {
  holds: (x) => x >= 0 && x < Number.POSITIVE_INFINITY,
  text: "finite and not negative",
};
export const probability: Requirement = { holds: (x) => x >= 0 && x <= 1, text: "a probability in [0, 1]" };
export const count: Requirement = {
  holds: (x) => Number.isInteger(x) && x >= 0 && x <= 2 ** 53,
  text: "an integer in [0, 2^53]",
};

/** Tensors of the named parameters. */
export const tensors = <N extends string>(named: Readonly<Record<N, TensorLike>>): Record<N, Tensor> =>
  Object.fromEntries(Object.entries<TensorLike>(named).map(([name, x]) => [name, asTensor(x)])) as Record<N, Tensor>;

/**
 * The shape of a result: `shape` when given, else what the parameters broadcast to.
 *
 * @throws TypeError when a parameter does not broadcast to `shape`; RangeError when `shape` is not a list of sizes
 */
export function resultShape(what: string, named: Readonly<Record<string, Shape>>, shape: Shape | undefined): Shape {
  if (shape === undefined) {
    return Object.values(named).reduce<Shape>(
      (a, b) => broadcastShapes(a, b, `${what} (${Object.keys(named).join(", ")})`),
      [],
    );
  }
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new RangeError(
      `${what}: a shape is an array of non-negative integers such as [2, 3], got ${JSON.stringify(shape)}.`,
    );
  }
  for (const [name, own] of Object.entries(named)) {
    const fits =
      own.length <= shape.length && own.every((n, d) => n === 1 || n === shape[shape.length - own.length + d]);
    if (fits) continue;
    throw new TypeError(
      `${what}: ${name} has shape ${formatShape(own)}, which does not broadcast to the requested shape ${formatShape(shape)}. ` +
        `The shape is that of the whole result, parameters included: [draws, …${formatShape(own)}].`,
    );
  }
  return shape;
}

/**
 * Checks every value of a parameter that has values; a traced one passes.
 * @throws RangeError that names the parameter, the value and where it is
 */
export function check(what: string, name: string, x: Tensor, requirement: Requirement): void {
  const data = knownValues(x);
  if (!data) return;
  for (let i = 0; i < data.length; i++) {
    if (requirement.holds(data[i]!)) continue;
    const place = x.rank === 0 ? "" : ` at index ${formatShape(indexAt(i, x.shape))} of shape ${formatShape(x.shape)}`;
    throw new RangeError(`${what}: ${name} must be ${requirement.text}, got ${data[i]}${place}.`);
  }
}

/** The values of a parameter over the elements of the result. @throws Error for a traced tensor without values. */
export function column(x: Tensor, shape: Shape): Column {
  const { data } = x;
  if (data.length === 1) return { data, step: 0 };
  if (sameShape(x.shape, shape)) return { data, step: 1 };
  const spread = new Float64Array(sizeOf(shape));
  eachOffset(shape, broadcastStrides(x.shape, shape), 0, (offset, i) => {
    spread[i] = data[offset]!;
  });
  return { data: spread, step: 1 };
}
