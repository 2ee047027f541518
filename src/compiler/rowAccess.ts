/** Which buffers of a group of loop nests are made and used row by row. */

import { usesOf } from "./emitLane.ts";
import type { Access } from "./lanes.ts";
import { sizeOf } from "./shapes.ts";
import type { Call, Nest, Step } from "./steps.ts";

/** A step that can run on some of its rows. */
export type RowStep = Nest | Call;
export const isRowStep = (step: Step): step is RowStep =>
  step.kind === "nest" || (step.kind === "call" && step.rowStrides !== undefined);

/** What a nest reads and writes. */
export interface Accesses {
  readonly reads: readonly Access[];
  readonly stores: readonly Access[];
  /** Added into: read and written. */
  readonly sums: readonly Access[];
}

/** All accesses of a nest, or of a call over rows; those of indices are among the reads. */
export function accessesOf(step: RowStep): Accesses {
  if (step.kind === "call") {
    const all = step.operands.map((buffer, k) => ({ buffer, offset: 0, strides: [step.rowStrides![k]!] }));
    const target = all.pop()!;
    const sums = target.strides[0] === 0;
    return { reads: all, stores: sums ? [] : [target], sums: sums ? [target] : [] };
  }
  const roots = [...step.stores, ...step.accumulations, ...step.scatters];
  const reads = [...usesOf(roots.map((r) => r.value)).keys()].flatMap(({ access }) => access ?? []);
  const sums = [...step.accumulations, ...step.scatters].map((a) => a.target);
  return {
    reads: [...reads, ...[...reads, ...sums].flatMap((a) => a.index ?? [])],
    stores: step.stores.map((s) => s.target),
    sums,
  };
}

/** The loops of a step over rows. */
export const loopsOf = (step: RowStep): readonly number[] =>
  step.kind === "nest" ? step.dims : step.call.dims.slice(0, 1);

/** Whether turn r of the outermost loop touches only row r of a buffer of `size` numbers in as many rows. */
export function staysInRow(access: Access, dims: readonly number[], size: number): boolean {
  const row = size / dims[0]!;
  if (access.index || access.strides[0] !== row) return false;
  let [low, high] = [access.offset, access.offset];
  for (let d = 1; d < dims.length; d++) {
    const reach = access.strides[d]! * (dims[d]! - 1);
    if (reach < 0) low += reach;
    else high += reach;
  }
  return low >= 0 && high < row;
}

/** Elements that a step runs over for each row. */
export const rowWork = (step: RowStep): number => sizeOf(loopsOf(step).slice(1));

/** Steps over less are short programs of their own. */
const fewest = 16;
/** Whether a step runs over rows that are worth gathering and cutting. */
export const isLongStep = (step: Step): step is RowStep => isRowStep(step) && sizeOf(loopsOf(step)) >= fewest;
