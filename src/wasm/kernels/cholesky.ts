/** The Cholesky factor. */
import { gemmStrided, LOWER, packedDoubles, SUBTRACT } from "./gemm.ts";
import { address, blockLength, type Kernel, kernel } from "./kernel.ts";
import { solveRows } from "./products.ts";

/** Columns factored at a time. */
const BLOCK = 24;
const LOWER_SUBTRACT = LOWER + SUBTRACT;

/** Doubles of scratch of {@link cholesky}; 0 for one block. */
export function choleskyScratchDoubles(n: number): number {
  return n <= BLOCK ? 0 : packedDoubles(n, n, BLOCK);
}

/**
 * Factor one block in place, n×n with rows `row` bytes apart: reads the lower triangle, leaves L and zeros above it. Stops at the first pivot
 * that is not positive, which is then still on the diagonal.
 *
 * Works on Lᵀ in the upper triangle, where a rank-one update runs along rows. Vectors all begin at columns of the parity of n; so there
 * is no odd end, at the price of touching one element left of the diagonal, and no load straddles two earlier stores.
 */
const block: Kernel = kernel("choleskyBlock", ["l", "row", "n"], (c, p) => {
  const k = c.local("i32", "k");
  const i = c.local("i32", "i");
  const diagonal = c.local("i32", "diagonal");
  const source = c.local("i32", "source");
  const target = c.local("i32", "target");
  const end = c.local("i32", "end");
  const at = c.local("i32", "at");
  const offset = c.local("i32", "offset");
  const step = c.local("i32", "step");
  const pivot = c.local("f64", "pivot");
  const weight = c.local("v128", "weight");
  c.get(p.row).i32(8).op("i32.add").set(step);

  /** For every element left of the diagonal, its address in `target` and that of its mirror image in `source`. */
  const mirror = (body: () => void) => {
    c.i32(1).set(i).get(p.l).get(p.row).op("i32.add").set(at);
    c.countedLoop(i, p.n, 1, () => {
      c.get(at).set(target);
      c.get(at).get(i).i32(3).op("i32.shl").op("i32.add").set(end);
      address(c, p.l, i, 8).set(source);
      c.countedLoop(target, end, 8, () => {
        body();
        c.get(source).get(p.row).op("i32.add").set(source);
      });
      c.get(at).get(p.row).op("i32.add").set(at);
    });
  };
  mirror(() => c.get(source).get(target).load("f64.load", 0).store("f64.store", 0));

  c.get(p.l).set(diagonal);
  c.countedLoop(k, p.n, 1, () => {
    c.get(diagonal).load("f64.load", 0).tee(pivot).f64(0).op("f64.gt").op("i32.eqz");
    c.if(() => {
      c.return();
    });
    c.get(pivot).op("f64.sqrt").set(pivot);
    // From the diagonal on, or one element later, up to the end of the row.
    c.get(p.n).get(k).op("i32.sub").i32(3).op("i32.shl").get(diagonal).op("i32.add").set(end);
    c.get(diagonal).get(p.n).get(k).op("i32.sub").i32(1).op("i32.and").i32(3).op("i32.shl").op("i32.add").set(source);
    c.countedLoop(source, end, 16, () => {
      c.get(source).get(source).load("v128.load", 0).get(pivot).op("f64x2.splat").op("f64x2.div");
      c.store("v128.store", 0);
    });
    c.get(k).i32(1).op("i32.add").set(i).get(diagonal).set(at);
    c.countedLoop(i, p.n, 1, () => {
      c.get(at).i32(8).op("i32.add").tee(at).load("v128.load64_splat", 0).set(weight);
      // `at` is the element of row k above the diagonal of row i; both rows begin there, or one to the left.
      c.get(at).get(p.n).get(i).op("i32.sub").i32(1).op("i32.and").i32(3).op("i32.shl").op("i32.sub").set(source);
      c.get(i).get(k).op("i32.sub").get(p.row).op("i32.mul").set(offset);
      c.countedLoop(source, end, 16, () => {
        c.get(source).get(offset).op("i32.add").tee(target);
        c.get(target).load("v128.load", 0).get(source).load("v128.load", 0).get(weight).op("f64x2.mul").op("f64x2.sub");
        c.store("v128.store", 0);
      });
    });
    c.get(diagonal).get(pivot).store("f64.store", 0);
    c.get(diagonal).get(step).op("i32.add").set(diagonal);
  });
  mirror(() => {
    c.get(target).get(source).load("f64.load", 0).store("f64.store", 0);
    c.get(source).f64(0).store("f64.store", 0);
  });
});

/**
 * `cholesky(a, l, n, scratch)`: the lower factor L of A = L·Lᵀ, n×n; the strict upper triangle of L is zero and that of A is not read. When A is
 * not positive definite, L is filled with NaN. `l` may equal `a`. Scratch: {@link choleskyScratchDoubles}.
 *
 * Left-looking by blocks of columns: the product with the finished columns is a packed matrix product.
 */
export const cholesky: Kernel = kernel(
  "cholesky",
  ["a", "l", "n", "scratch"],
  (c, p, link) => {
    const i = c.local("i32", "i");
    const row = c.local("i32", "row");
    const from = c.local("i32", "from");
    const width = c.local("i32", "width");
    const height = c.local("i32", "height");
    const start = c.local("i32", "start");
    const corner = c.local("i32", "corner");
    const below = c.local("i32", "below");
    const diagonal = c.local("i32", "diagonal");
    const end = c.local("i32", "end");
    const failed = c.local("i32", "failed");
    const pivot = c.local("f64", "pivot");
    const eachPivot = (body: () => void) => {
      c.get(corner).set(diagonal).i32(0).set(i);
      c.countedLoop(i, width, 1, () => {
        c.get(diagonal).load("f64.load", 0).set(pivot);
        body();
        c.get(diagonal).get(row).op("i32.add").i32(8).op("i32.add").set(diagonal);
      });
    };
    c.get(p.n).i32(3).op("i32.shl").set(row);

    c.get(p.a).get(p.l).op("i32.ne");

    c.if(() => {
      c.get(p.l).get(p.a).get(row).get(p.n).op("i32.mul").op("memory.copy");
    });
    c.countedLoop(from, p.n, BLOCK, () => {
      blockLength(c, width, p.n, from, BLOCK);
      address(c, p.l, from, row).set(start);
      address(c, start, from, 8).set(corner);
      c.get(p.n).get(from).op("i32.sub").set(height);
      c.get(from);
      c.if(() => {
        c.get(start).get(row).i32(8).get(start).i32(8).get(row).get(corner).get(row);
        c.get(height).get(from).get(width).i32(LOWER_SUBTRACT).get(p.scratch).call(link(gemmStrided));
      });
      c.get(corner).get(row).get(width).call(link(block));
      eachPivot(() => {
        c.get(pivot).f64(0).op("f64.gt").op("i32.eqz").get(failed).op("i32.or").set(failed);
      });
      c.get(failed);
      c.if(() => {
        address(c, p.l, p.n, row).set(end);
        c.countedLoop(p.l, end, 8, () => {
          c.get(p.l).f64(Number.NaN).store("f64.store", 0);
        });
        c.return();
      });
      c.get(height).get(width).op("i32.sub").tee(height);
      c.if(() => {
        // The rows below: one column of L after the other, and zeros to the right of the block.
        address(c, corner, width, row).set(below);
        eachPivot(() => {
          c.get(below).get(row);
          address(c, corner, i, row);
          address(c, below, i, 8);
          c.get(row).get(height).get(i).get(pivot).call(link(solveRows));
          c.get(diagonal).get(width).get(i).op("i32.sub").i32(3).op("i32.shl").op("i32.add");
          c.i32(0).get(height).i32(3).op("i32.shl").op("memory.fill");
        });
      });
    });
  },
  ([n]) => choleskyScratchDoubles(n!),
);
