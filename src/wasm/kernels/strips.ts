/** Rows of matrices, a few vectors of doubles at a time. */
import type { Code, Local } from "../assembler.ts";

/**
 * Runs `body` for strips that are together all columns: as many as fit of the first number of vectors, then of the others; 0 is an odd
 * last column.
 */
export function strips(
  c: Code,
  columns: Local,
  widths: readonly number[],
  body: (vectors: number, first: Local) => void,
): void {
  const first = c.local("i32", "first");
  const bound = c.local("i32", "bound");
  c.i32(0).set(first);
  for (const vectors of widths) {
    const width = 2 * vectors || 1;
    if (width > 1)
      c.get(columns)
        .i32(width - 1)
        .op("i32.sub")
        .set(bound);
    c.countedLoop(first, width > 1 ? bound : columns, width, () => body(vectors, first));
  }
}
/** Where the vectors of a strip begin, in bytes. */
export const offsets = (vectors: number): number[] => Array.from({ length: vectors || 1 }, (_, v) => 16 * v);
/** Replaces the address on the stack by the vector of a strip at `offset`; beside an odd last column is zero. */
export const loadStrip = (c: Code, vectors: number, offset: number): Code =>
  c.load(vectors === 0 ? "v128.load64_zero" : "v128.load", offset);
/** Stores a vector at the address below it, as it was loaded. */
export const storeStrip = (c: Code, vectors: number, offset: number): Code =>
  vectors === 0 ? c.op("v128.store64_lane", offset, 3, 0) : c.store("v128.store", offset);
