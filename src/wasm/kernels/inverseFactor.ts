/** Solving with a positive definite matrix: L⁻¹[I | B] for A = L·Lᵀ. */
import type { Code, Local } from "../assembler.ts";
import { eliminate } from "./elimination.ts";
import { ASSIGN, gemmStrided, LOWER, packedDoubles, SUBTRACT } from "./gemm.ts";
import { address, advance, blockLength, type Kernel, kernel } from "./kernel.ts";

/** Up to this many rows packing does not pay. */
export const DIRECT = 64;
/** Rows eliminated at a time of more. */
export const BLOCK = 32;

/** Doubles of scratch of {@link inverseFactor} and of the products of what it gives; may be 0. */
export function inverseFactorScratchDoubles(n: number, m: number): number {
  return n <= DIRECT ? 0 : packedDoubles(n, n, Math.max(n, m)) + BLOCK * 2 * n;
}

/** Copies `n` doubles, moving both pointers: for a few, where a bulk copy costs more than it moves. */
function copyDoubles(c: Code, from: Local, to: Local, n: Local): void {
  const end = c.local("i32");
  c.get(to).get(n).i32(3).op("i32.shl").op("i32.add").i32(8).op("i32.sub").set(end);
  c.countedLoop(to, end, 16, () => {
    c.get(to).get(from).load("v128.load", 0).store("v128.store", 0);
    advance(c, from, 16);
  });
  c.get(n).i32(1).op("i32.and");
  c.if(() => {
    c.get(to).get(from).load("f64.load", 0).store("f64.store", 0);
    advance(c, from, 8);
    advance(c, to, 8);
  });
}

/**
 * `inverseFactor(a, b, e, n, m, scratch)`: E = L⁻¹[I | B], n×(n + m), for positive definite A = L·Lᵀ, n×n, and B, n×m. When A is not positive
 * definite, E is filled with NaN. Scratch: {@link inverseFactorScratchDoubles}.
 */
export const inverseFactor: Kernel = kernel(
  "inverseFactor",
  ["a", "b", "e", "n", "m", "scratch"],
  (c, p, link) => {
    const i = c.local("i32", "i");
    const row = c.local("i32", "row");
    const from = c.local("i32", "from");
    const at = c.local("i32", "at");
    const to = c.local("i32", "to");
    const end = c.local("i32", "end");
    c.get(p.n).get(p.m).op("i32.add").i32(3).op("i32.shl").set(row);
    // Row by row, so that the first one to be read has been written long before.
    c.get(p.e).set(to).get(p.a).set(at).get(p.b).set(from);
    c.countedLoop(i, p.n, 1, () => {
      copyDoubles(c, at, to, p.n);
      copyDoubles(c, from, to, p.m);
    });
    const operands = () => c.get(p.e).get(row).get(p.n).get(p.m);
    c.get(p.n).i32(DIRECT).op("i32.gt_s");
    c.if(
      () => operands().get(p.b).get(p.scratch).call(link(eliminateBlocks)),
      () => operands().call(link(eliminate)),
    );
    c.get(p.e).load("f64.load", 0).get(p.e).load("f64.load", 0).op("f64.ne");
    c.if(() => {
      address(c, p.e, p.n, row).set(end);
      c.countedLoop(p.e, end, 8, () => {
        c.get(p.e).f64(Number.NaN).store("f64.store", 0);
      });
    });
  },
  ([n, m]) => inverseFactorScratchDoubles(n!, m!),
);

/**
 * As {@link eliminate}, by blocks of rows from the top: their factor by elimination, then packed products carry it to the rows
 * below, where the finished part of L⁻¹ grows from the left and the Schur complement, its lower triangle, shrinks. B is multiplied in the end.
 */
const eliminateBlocks: Kernel = kernel("eliminateBlocks", ["e", "row", "n", "m", "b", "scratch"], (c, p, link) => {
  const [i, j] = [c.local("i32", "i"), c.local("i32", "j")];
  const [at, to] = [c.local("i32", "at"), c.local("i32", "to")];
  const from = c.local("i32", "from");
  const done = c.local("i32", "done");
  const width = c.local("i32", "width");
  const height = c.local("i32", "height");
  const start = c.local("i32", "start");
  const corner = c.local("i32", "corner");
  const below = c.local("i32", "below");
  const factor = c.local("i32", "factor");
  const finished = c.local("i32", "finished");
  const packed = c.local("i32", "packed");
  const factorRow = c.local("i32", "factorRow");
  const finishedRow = c.local("i32", "finishedRow");
  c.get(p.scratch).set(factor);
  address(c, factor, p.n, BLOCK * 8).set(finished);
  address(c, finished, p.n, BLOCK * 8).set(packed);
  const eachRow = (base: Local, count: Local, body: () => void) => {
    c.get(base).set(at).i32(0).set(i);
    c.countedLoop(i, count, 1, () => {
      body();
      advance(c, at, p.row);
    });
  };
  const multiply = (m: Local, k: Local, n: Local, mode: number) =>
    c.get(m).get(k).get(n).i32(mode).get(packed).call(link(gemmStrided));

  c.countedLoop(from, p.n, BLOCK, () => {
    blockLength(c, width, p.n, from, BLOCK);
    address(c, p.e, from, p.row).set(start);
    address(c, start, from, 8).set(corner);
    c.get(width).i32(3).op("i32.shl").set(factorRow);
    c.get(p.n).get(from).op("i32.sub").get(width).op("i32.sub").set(height);
    // The block, mirrored, and nothing to the right of it.
    eachRow(corner, width, () => {
      address(c, corner, i, 8).set(to).i32(0).set(j);
      c.countedLoop(j, i, 1, () => {
        c.get(to);
        address(c, at, j, 8).load("f64.load", 0).store("f64.store", 0);
        advance(c, to, p.row);
      });
      address(c, at, width, 8).i32(0).get(height).i32(3).op("i32.shl").op("memory.fill");
    });
    c.get(corner).get(p.row).get(width).i32(0).call(link(eliminate));
    c.get(corner).load("f64.load", 0).get(corner).load("f64.load", 0).op("f64.ne");
    c.if(() => {
      c.get(p.e).f64(Number.NaN).store("f64.store", 0).return();
    });
    c.get(from).if(() => {
      c.get(from).i32(3).op("i32.shl").set(finishedRow).get(finished).set(to);
      eachRow(start, width, () => {
        c.get(to).get(at).get(finishedRow).op("memory.copy");
        advance(c, to, finishedRow);
      });
      c.get(corner).get(p.row).i32(8).get(finished).get(finishedRow).i32(8).get(start).get(p.row);
      multiply(width, width, from, ASSIGN);
    });
    c.get(from).get(width).op("i32.add").set(done);
    c.get(height).if(() => {
      address(c, corner, width, p.row).set(below);
      c.get(below).get(p.row).i32(8).get(corner).i32(8).get(p.row).get(factor).get(factorRow);
      multiply(height, width, width, ASSIGN);
      eachRow(below, height, () => c.get(at).i32(0).get(factorRow).op("memory.fill"));
      c.get(factor).get(factorRow).i32(8).get(start).get(p.row).i32(8);
      address(c, start, width, p.row).get(p.row);
      multiply(height, width, done, SUBTRACT);
      c.get(factor).get(factorRow).i32(8).get(factor).i32(8).get(factorRow);
      c.get(below).get(factorRow).op("i32.add").get(p.row);
      multiply(height, width, height, LOWER + SUBTRACT);
    });
    c.get(p.m).if(() => {
      c.get(start).get(p.row).i32(8).get(p.b).get(p.m).i32(3).op("i32.shl").i32(8);
      address(c, start, p.n, 8).get(p.row);
      multiply(width, done, p.m, ASSIGN);
    });
  });
});
