/**
 * What the compiler knows of loops and branches: the attributes of their nodes and how results lie in their one flat output.
 *
 * A node has one output, so that of a loop is a vector of doubles that holds, in this order: the last values of what is
 * carried from step to step; the results of the steps, stacked; the carried values before each step, stacked, from which
 * derivatives are taken; and, where the number of steps is only known when it runs, that number.
 */
import type { Attrs, Shape } from "./graph.ts";
import type { Body } from "./loopBody.ts";
import { sizeOf } from "./shapes.ts";

/**
 * How the number of steps is known. `fixed`: it is `length`. `counted`: it is the last input, at most `length`.
 * `tested`: as long as the test holds, at most `length`; the last values are NaN when it still holds then.
 */
export type Trips = "fixed" | "counted" | "tested";

/**
 * Inputs of the node: initial values, stacked rows, what the body closes over, and the number of steps if it is counted.
 * Inputs of the body: carried values, rows, what it closes over. Outputs of the body: carried values, results.
 */
export interface LoopAttrs {
  readonly trips: Trips;
  readonly length: number;
  /** Rows are read, and results and records written, from the last to the first. */
  readonly reverse: boolean;
  /** How many values are carried, and how many rows are read. */
  readonly carries: number;
  readonly rows: number;
  readonly body: Body;
  /** Where the rows lie in the inputs that hold them, in a program; null: they are the input. */
  readonly views?: readonly (RowView | null)[];
  /** Carried values whose records nobody reads, in a program. */
  readonly unrecorded?: readonly number[];
  /** The carried values are computed again for the adjoint, from every so many steps: `true` for the square root of their number, `false` for never. */
  readonly checkpoint?: number | boolean | undefined;
  /** Of the carried values and closures, whether to go on: one truth value. */
  readonly test?: Body;
}
/** Rows from the element `offset` of an array on, the last of them first if `backwards`. */
export interface RowView {
  readonly offset: number;
  readonly backwards: boolean;
}
export const loopAttrs = (attrs: Attrs): LoopAttrs => attrs as unknown as LoopAttrs;

/** Inputs of the node: which branch to take, and what the branches close over. Each branch has all of these as inputs. */
export interface BranchAttrs {
  readonly branches: readonly Body[];
}
export const branchAttrs = (attrs: Attrs): BranchAttrs => attrs as unknown as BranchAttrs;

/** A stretch of a flat output. */
export interface Segment {
  readonly start: number;
  readonly size: number;
  readonly shape: Shape;
}

export interface LoopLayout {
  readonly finals: readonly Segment[];
  readonly results: readonly Segment[];
  readonly records: readonly Segment[];
  readonly count: Segment | undefined;
  readonly total: number;
}

/** Stretches of the given shapes, one after the other. */
export function segmentsOf(shapes: readonly Shape[], start = 0): Segment[] {
  let next = start;
  return shapes.map((shape) => {
    const size = sizeOf(shape);
    next += size;
    return { start: next - size, size, shape };
  });
}

export function layoutOf({ body, carries, length, trips, unrecorded = [] }: LoopAttrs): LoopLayout {
  const stacked = (shape: Shape): Shape => [length, ...shape];
  const carried = body.inputs.slice(0, carries).map((x) => x.shape);
  const shapes = [
    ...carried,
    ...body.outputs.slice(carries).map((x) => stacked(x.shape)),
    ...carried.map((shape, k) => (unrecorded.includes(k) ? [0] : stacked(shape))),
    ...(trips === "tested" ? [[]] : []),
  ];
  const all = segmentsOf(shapes);
  const firstRecord = body.outputs.length;
  const end = firstRecord + carries;
  return {
    finals: all.slice(0, carries),
    results: all.slice(carries, firstRecord),
    records: all.slice(firstRecord, end),
    count: all[end],
    total: all.reduce((n, s) => n + s.size, 0),
  };
}
