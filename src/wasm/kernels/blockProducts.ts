/**
 * Products of a tall constant matrix with vectors, both ways from one copy of it.
 *
 * The matrix lies in blocks of eight rows, column by column inside a block, the last block filled up with zeros: one stream of
 * memory for either product. The order of summation depends on the number of columns (rows) alone, not on where a chunk begins.
 */
import type { Code, Local } from "../assembler.ts";
import { blockRows } from "./blockLayout.ts";
import { advance, type Kernel, kernel } from "./kernel.ts";

const vectors = [0, 16, 32, 48];

/** Copies as many doubles, fewer than eight, as `left` counts. */
function copyRows(c: Code, from: Local, to: Local, left: Local): void {
  const i = c.local("i32");
  c.i32(0).set(i);
  c.countedLoop(i, left, 1, () => {
    for (const pointer of [to, from]) c.get(pointer).get(i).i32(3).op("i32.shl").op("i32.add");
    c.load("f64.load", 0).store("f64.store", 0);
  });
}

/** `blockProduct(a, x, y, m, n)`: y = A x for A m × n in blocks. */
export const blockProduct: Kernel = kernel(
  "blockProduct",
  ["a", "x", "y", "m", "n", "scratch"],
  (c, p) => {
    const sums = vectors.map((_, k) => c.local("v128", `sum${k}`));
    const weight = c.local("v128", "weight");
    const xAt = c.local("i32", "xAt");
    const xEnd = c.local("i32", "xEnd");
    const block = (y: Local): void => {
      for (const sum of sums) c.f64x2(0).set(sum);
      c.get(p.x).set(xAt);
      c.countedLoop(xAt, xEnd, 8, () => {
        c.get(xAt).load("v128.load64_splat", 0).set(weight);
        vectors.forEach((offset, k) => {
          c.get(sums[k]!).get(weight).get(p.a).load("v128.load", offset).op("f64x2.mul").op("f64x2.add").set(sums[k]!);
        });
        advance(c, p.a, 64);
      });
      vectors.forEach((offset, k) => c.get(y).get(sums[k]!).store("v128.store", offset));
    };
    c.get(p.x).get(p.n).i32(3).op("i32.shl").op("i32.add").set(xEnd);
    const row = c.local("i32", "row");
    c.i32(blockRows).set(row);
    c.get(p.m).i32(1).op("i32.add").set(p.m);
    c.countedLoop(row, p.m, blockRows, () => {
      block(p.y);
      advance(c, p.y, 64);
    });
    c.get(p.m)
      .get(row)
      .op("i32.sub")
      .i32(blockRows - 1)
      .op("i32.add")
      .tee(row);
    c.if(() => {
      block(p.scratch);
      copyRows(c, p.scratch, p.y, row);
    });
  },
  () => blockRows,
);

/** `blockTransposed(a, x, y, m, n)`: the two halves of each element of Aᵀ x are added to a pair in y, for A m × n in blocks. */
export const blockTransposed: Kernel = kernel(
  "blockTransposed",
  ["a", "x", "y", "m", "n", "scratch"],
  (c, p) => {
    const x = vectors.map((_, k) => c.local("v128", `x${k}`));
    const yAt = c.local("i32", "yAt");
    const yEnd = c.local("i32", "yEnd");
    const block = (from: Local): void => {
      vectors.forEach((offset, k) => c.get(from).load("v128.load", offset).set(x[k]!));
      c.get(p.y).set(yAt);
      const term = (k: number): void => {
        c.get(x[k]!).get(p.a).load("v128.load", vectors[k]!).op("f64x2.mul");
      };
      c.countedLoop(yAt, yEnd, 16, () => {
        c.get(yAt).get(yAt).load("v128.load", 0);
        for (const k of [0, 2]) {
          term(k);
          term(k + 1);
          c.op("f64x2.add");
        }
        c.op("f64x2.add").op("f64x2.add").store("v128.store", 0);
        advance(c, p.a, 64);
      });
    };
    c.get(p.y).get(p.n).i32(4).op("i32.shl").op("i32.add").set(yEnd);
    const row = c.local("i32", "row");
    c.i32(blockRows).set(row);
    c.get(p.m).i32(1).op("i32.add").set(p.m);
    c.countedLoop(row, p.m, blockRows, () => {
      block(p.x);
      advance(c, p.x, 64);
    });
    c.get(p.m)
      .get(row)
      .op("i32.sub")
      .i32(blockRows - 1)
      .op("i32.add")
      .tee(row);
    c.if(() => {
      for (const offset of vectors) c.get(p.scratch).f64x2(0).store("v128.store", offset);
      copyRows(c, p.x, p.scratch, row);
      block(p.scratch);
    });
  },
  () => blockRows,
);
