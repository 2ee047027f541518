/** Solving with a positive definite matrix: A⁻¹[I | B] from L⁻¹[I | B]. */
import type { Local } from "../assembler.ts";
import { ASSIGN, gemmStrided } from "./gemm.ts";
import { BLOCK, DIRECT, inverseFactorScratchDoubles } from "./inverseFactor.ts";
import { address, advance, blockLength, type Kernel, kernel } from "./kernel.ts";
import { loadStrip, offsets, storeStrip, strips } from "./strips.ts";

/**
 * `inverseProducts(e, s, n, m, scratch)`: S = A⁻¹[I | B] from E = L⁻¹[I | B], both n×(n + m). Scratch: {@link inverseFactorScratchDoubles}.
 *
 * It is (L⁻¹)ᵀE, where column i of L⁻¹ begins at row i.
 */
export const inverseProducts: Kernel = kernel(
  "inverseProducts",
  ["e", "s", "n", "m", "scratch"],
  (c, p, link) => {
    const columns = c.local("i32", "columns");
    const row = c.local("i32", "row");
    const i = c.local("i32", "i");
    const r = c.local("i32", "r");
    const at = c.local("i32", "at");
    const factor = c.local("i32", "factor");
    const to = c.local("i32", "to");
    const weight = c.local("v128", "weight");
    const zero = c.local("v128", "zero");
    const sums = [0, 1, 2, 3, 4, 5].map((v) => c.local("v128", `sum${v}`));
    c.get(p.n).get(p.m).op("i32.add").tee(columns).i32(3).op("i32.shl").set(row);
    c.get(p.n).i32(DIRECT).op("i32.gt_s");
    c.if(() => {
      c.get(p.e).get(p.s).get(p.n).get(p.m).get(row).get(p.scratch).call(link(blockProducts)).return();
    });
    strips(c, columns, [6, 3, 1, 0], (vectors, first) => {
      address(c, p.s, first, 8).set(to);
      c.i32(0).set(i);
      c.countedLoop(i, p.n, 1, () => {
        // A strip of L⁻¹ is zero above the row of its first column; one that holds columns of B is not.
        c.get(first)
          .get(i)
          .get(first)
          .get(i)
          .op("i32.gt_s")
          .get(first)
          .i32((2 * vectors || 1) - 1)
          .op("i32.add");
        c.get(p.n).op("i32.lt_s").op("i32.and").op("select").set(r);
        address(c, p.e, r, row).tee(at).get(i).i32(3).op("i32.shl").op("i32.add").set(factor);
        address(c, at, first, 8).set(at);
        for (const sum of sums.slice(0, vectors || 1)) c.get(zero).set(sum);
        c.countedLoop(r, p.n, 1, () => {
          c.get(factor).load("v128.load64_splat", 0).set(weight);
          offsets(vectors).forEach((offset, v) => {
            c.get(sums[v]!).get(at);
            loadStrip(c, vectors, offset).get(weight).op("f64x2.mul").op("f64x2.add").set(sums[v]!);
          });
          advance(c, factor, row);
          advance(c, at, row);
        });
        offsets(vectors).forEach((offset, v) => {
          c.get(to).get(sums[v]!);
          storeStrip(c, vectors, offset);
        });
        advance(c, to, row);
      });
    });
  },
  ([n, m]) => inverseFactorScratchDoubles(n!, m!),
);

/** {@link inverseProducts} by packed products: rows of A⁻¹ up to the diagonal, then their mirror image. */
const blockProducts: Kernel = kernel("blockProducts", ["e", "s", "n", "m", "row", "scratch"], (c, p, link) => {
  const [i, j] = [c.local("i32", "i"), c.local("i32", "j")];
  const from = c.local("i32", "from");
  const width = c.local("i32", "width");
  const done = c.local("i32", "done");
  const rest = c.local("i32", "rest");
  const at = c.local("i32", "at");
  const to = c.local("i32", "to");
  const start = c.local("i32", "start");
  const factor = c.local("i32", "factor");
  c.countedLoop(from, p.n, BLOCK, () => {
    blockLength(c, width, p.n, from, BLOCK);
    address(c, p.e, from, p.row).set(start);
    address(c, p.s, from, p.row).set(to);
    c.get(p.n).get(from).op("i32.sub").set(rest).get(from).get(width).op("i32.add").set(done);
    address(c, start, from, 8).set(factor);
    const multiply = (columns: Local) => {
      c.get(factor).i32(8).get(p.row).get(start).get(p.row).i32(8).get(to).get(p.row);
      c.get(width).get(rest).get(columns).i32(ASSIGN).get(p.scratch).call(link(gemmStrided));
    };
    multiply(done);
    c.get(p.m).if(() => {
      address(c, start, p.n, 8).set(start);
      address(c, to, p.n, 8).set(to);
      multiply(p.m);
    });
  });
  c.countedLoop(i, p.n, 1, () => {
    address(c, p.s, i, p.row).set(at);
    address(c, p.s, i, 8).set(to);
    c.i32(0).set(j);
    c.countedLoop(j, i, 1, () => {
      c.get(to).get(at).load("f64.load", 0).store("f64.store", 0);
      advance(c, at, 8);
      advance(c, to, p.row);
    });
  });
});

/** `rightColumns(s, x, n, m)`: the last m columns of S, n×(n + m), as a matrix of their own. */
export const rightColumns: Kernel = kernel("rightColumns", ["s", "x", "n", "m"], (c, p) => {
  const i = c.local("i32", "i");
  const end = c.local("i32", "end");
  c.countedLoop(i, p.n, 1, () => {
    address(c, p.s, p.n, 8).set(p.s);
    address(c, p.x, p.m, 8).set(end);
    c.countedLoop(p.x, end, 8, () => {
      c.get(p.x).get(p.s).load("f64.load", 0).store("f64.store", 0);
      advance(c, p.s, 8);
    });
  });
});
