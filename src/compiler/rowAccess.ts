/** Which buffers of a group of loop nests are made and used row by row. */
import type { Access } from "./lanes.ts";
import type { Nest } from "./steps.ts";
import { usesOf } from "./emitLane.ts";
import { sizeOf } from "./shapes.ts";

/** What a nest reads and writes. */
export interface Accesses {
  readonly reads: readonly Access[];
  readonly stores: readonly Access[];
  /** Added into: read and written. */
  readonly sums: readonly Access[];
}

/** All accesses of a nest; those of indices are among the reads. */
export function accessesOf(nest: Nest): Accesses {
  const roots = [...nest.stores, ...nest.accumulations, ...nest.scatters];
  const reads = [...usesOf(roots.map((r) => r.value)).keys()].flatMap(({ access }) => access ?? []);
  const sums = [...nest.accumulations, ...nest.scatters].map((a) => a.target);
  return {
    reads: [...reads, ...[...reads, ...sums].flatMap((a) => a.index ?? [])],
    stores: nest.stores.map((s) => s.target),
    sums,
  };
}

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

/** Elements that a nest runs over for each row. */
export const rowWork = (nest: Nest): number => sizeOf(nest.dims.slice(1));
