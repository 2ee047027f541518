/**
 * Checks at the border: arguments against the constraints of their parameters, observations against the support. Both
 * look at known values only; a traced tensor passes.
 */
import type { Shape } from "../src/compiler/graph.ts";
import { formatShape, indexAt } from "../src/tensor/shapes.ts";
import { asTensor, hasValue, knownValues, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import { broadcastToShape, sameShape } from "./axes.ts";
import { masksOf, visibleValue } from "./masking.ts";
import { markMember } from "./membership.ts";
import type { Constraint, Distribution } from "./types.ts";

/**
 * Checks that an argument satisfies its parameter's constraint.
 *
 * @throws RangeError naming the family, the argument and the first offending entry: `Normal: scale must be positive, got
 *   -1 at index [2] (argument "scale", shape [3]). Make it positive with exp or softplus, …`.
 */
export function checkArgument(family: string, name: string, value: Tensor, constraint: Constraint): void {
  checkVector(family, name, value.shape, constraint);
  checkSquare(family, name, value.shape, constraint);
  const offence = findOffence(value, constraint);
  if (offence === undefined) return;
  const missing = offence.isMissing ? "Is a value missing from the data? Drop it or fill it in" : undefined;
  const advice = missing ?? constraint.hint ?? "Correct it";
  throw new RangeError(
    `${family}: ${name} must be ${constraint.description}, got ${offence.text}${offence.where} ` +
      `(argument "${name}", shape ${formatShape(value.shape)}). ${advice}, or pass { validateArgs: false } to skip this check.`,
  );
}

function checkVector(family: string, name: string, { length }: Shape, { eventDim, feasible }: Constraint): void {
  if (eventDim !== 1 || length > 0) return;
  const example = Array.from(feasible([2]).data).join(", ");
  throw new RangeError(
    `${family}: ${name} has to be a vector, got a single number. Give an array with one entry for each category or coordinate, like [${example}].`,
  );
}

function checkSquare(family: string, name: string, shape: Shape, { eventDim, description }: Constraint): void {
  if (eventDim !== 2) return;
  const [rows, columns] = shape.slice(-2);
  if (shape.length >= 2 && rows === columns) return;
  throw new RangeError(
    `${family}: ${name} must be ${description}, got shape ${formatShape(shape)}; its last two axes have to be equal. Give a square matrix.`,
  );
}

/**
 * Checks an observed or substituted value of a site against its distribution: the event shape, missing values, and the
 * support. Masked entries aren't looked at, and neither are traced values.
 *
 * @throws RangeError naming the site, the first offending value and its place, the distribution and its support.
 * @example
 * checkSupport(Beta(1, 1), [0.2, 1.5], "y");
 * // site "y": 1 of 2 values is outside the support of Beta(concentration1: 1, concentration0: 1): 1.5 at index [1] (shape
 * // [2]) is not between 0 and 1. …
 */
export function checkSupport(distribution: Distribution, value: TensorLike, siteName?: string): void {
  const x = asTensor(value);
  const where = siteName === undefined ? distribution.name : `site "${siteName}"`;
  checkEventShape(distribution, x, where);
  if (!hasValue(x)) return;
  if (masksOf(distribution).some((m) => !hasValue(m))) return;
  const visible = visibleValue(distribution, x);

  const missing = findIndex(visible, (v) => Number.isNaN(v));
  if (missing !== undefined) {
    const count = countWhere(visible, (v) => Number.isNaN(v));
    throw new RangeError(
      `${where}: ${count} of ${visible.size} values ${count === 1 ? "is" : "are"} NaN, the first at index ` +
        `${formatShape(missing)} (shape ${formatShape(x.shape)}). Drop missing values, treat them as latent, ` +
        "or leave them out with a mask: distribution.mask(isFinite(y)).",
    );
  }
  const { support } = distribution;
  const inside = support.check(visible);
  if (!hasValue(inside)) return;
  const offence = findOffence(visible, support, inside);
  if (offence === undefined) {
    // So that the log density need not look again.
    if (visible === x && support.kind !== "real") markMember(x, support);
    return;
  }
  throw new RangeError(
    `${where}: ${offence.count} of ${inside.size} ${inside.size === 1 ? "value" : "values"} ${offence.count === 1 ? "is" : "are"} ` +
      `outside the support of ${distribution}: ${offence.text}${offence.where} (shape ${formatShape(x.shape)}) is not ` +
      `${support.description}. Check the data, or choose a distribution whose support contains them.`,
  );
}

function checkEventShape(d: Distribution, x: Tensor, where: string): void {
  const n = d.eventShape.length;
  if (x.rank >= n && sameShape(x.shape.slice(x.rank - n), d.eventShape)) return;
  throw new RangeError(
    `${where}: the value has shape ${formatShape(x.shape)}, but the rightmost axes of a value of ${d.name} have the event ` +
      `shape ${formatShape(d.eventShape)}.`,
  );
}

interface Offence {
  /** The first value outside, abbreviated. */
  readonly text: string;
  /** ` at index […]`, or nothing for a scalar. */
  readonly where: string;
  readonly count: number;
  /** Whether a NaN is what is wrong with it. */
  readonly isMissing: boolean;
}

function findOffence(value: Tensor, constraint: Constraint, checked?: Tensor): Offence | undefined {
  if (!hasValue(value)) return undefined;
  if (value.rank < constraint.eventDim) {
    return { text: `a tensor of ${value.rank} axes`, where: "", count: 1, isMissing: false };
  }
  const inside = checked ?? constraint.check(value);
  if (!hasValue(inside)) return undefined;
  const index = findIndex(inside, (v) => v === 0);
  if (index === undefined) return undefined;
  const event = value.shape.slice(value.rank - constraint.eventDim);
  const wide = broadcastToShape(value, [...inside.shape, ...event]);
  const size = event.reduce((a, b) => a * b, 1);
  const start = ravel(index, inside.shape) * size;
  const values = Array.from(knownValues(wide)!.slice(start, start + size));
  return {
    text: abbreviate(values, event),
    where: index.length === 0 ? "" : ` at index ${formatShape(index)}`,
    count: countWhere(inside, (v) => v === 0),
    isMissing: values.some(Number.isNaN),
  };
}

function abbreviate(values: readonly number[], event: Shape): string {
  if (event.length === 0) return String(values[0]);
  const shown = values.slice(0, 6).map((v) => String(v));
  return `[${shown.join(", ")}${values.length > 6 ? ", …" : ""}]${event.length > 1 ? ` (row by row, shape ${formatShape(event)})` : ""}`;
}

function findIndex(t: Tensor, bad: (v: number) => boolean): number[] | undefined {
  const flat = (knownValues(t)! as ArrayLike<number> & { findIndex(f: (v: number) => boolean): number }).findIndex(bad);
  return flat < 0 ? undefined : indexAt(flat, t.shape);
}

const countWhere = (t: Tensor, bad: (v: number) => boolean): number => Array.from(knownValues(t)!).filter(bad).length;

const ravel = (index: readonly number[], shape: Shape): number => index.reduce((flat, i, d) => flat * shape[d]! + i, 0);
