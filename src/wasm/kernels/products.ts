/** Products of matrices and vectors. */
import type { Local } from "../assembler.ts";
import { advance, blockLoop, type Kernel, kernel, loadPair, setSum } from "./kernel.ts";

/**
 * The two shapes of a matrix–vector product, as internal routines with strides in bytes.
 *
 * Each element is summed in an order that depends on the summed length alone, never on its position, so a row or a column has the same
 * bits wherever it stands in a matrix.
 */

/** `"store"`: the sum is the result. `"solve"`: the result is (old value − sum) / divisor, one step of a substitution. */
type Finish = "store" | "solve";

/** Which elements of a matrix are not zero: an upper triangle has none below its diagonal. */
type Part = "full" | "upper" | "lower";

const EVEN = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const ODD = EVEN.map((lane) => lane + 8);

/**
 * Dot products of rows with a vector: `y[i] = Σ_j a[i][j] x[j]`, i < m, j < n; rows of `a` are `aRow` bytes apart,
 * elements of `y` `yStride` bytes; `a` rows and `x` contiguous.
 */
function rowProducts(name: string, finish: Finish): Kernel {
  return kernel(name, ["a", "aRow", "x", "y", "yStride", "m", "n", "divisorF64"], (c, p) => {
    const i = c.local("i32", "i");
    const j = c.local("i32", "j");
    const xAt = c.local("i32", "xAt");
    const rows = [0, 1, 2, 3].map((r) => c.local("i32", `row${r}`));
    const sums = rows.map((_, r) => [c.local("v128", `sum${r}a`), c.local("v128", `sum${r}b`)] as const);
    const x0 = c.local("v128", "x0");
    const x1 = c.local("v128", "x1");
    const total = c.local("v128", "total");
    const n3 = c.local("i32", "n3");
    const n1 = c.local("i32", "n1");
    c.get(p.n).i32(3).op("i32.sub").set(n3);
    c.get(p.n).i32(1).op("i32.sub").set(n1);

    const addTo = (sum: Local, row: Local, x: Local, offset: number) =>
      c.get(sum).get(row).load("v128.load", offset).get(x).op("f64x2.mul").op("f64x2.add").set(sum);

    /** Sums of `count` rows from `rows`, over all columns but an odd last one, whose addresses are left in `rows` and `xAt`. */
    const sumPairs = (count: number) => {
      const used = rows.slice(0, count);
      c.get(p.a).set(rows[0]!);
      for (let r = 1; r < count; r++) setSum(c, rows[r]!, rows[r - 1]!, p.aRow);
      for (const pair of sums.slice(0, count)) for (const sum of pair) c.f64x2(0).set(sum);
      c.get(p.x).set(xAt).i32(0).set(j);
      const step = (vectors: number) => {
        c.get(xAt).load("v128.load", 0).set(x0);
        if (vectors === 2) c.get(xAt).load("v128.load", 16).set(x1);
        used.forEach((row, r) => {
          addTo(sums[r]![0], row, x0, 0);
          if (vectors === 2) addTo(sums[r]![1], row, x1, 16);
        });
        for (const pointer of [...used, xAt]) advance(c, pointer, 16 * vectors);
      };
      c.countedLoop(j, n3, 4, () => step(2));
      c.get(j).get(n1).op("i32.lt_s");
      c.if(() => step(1));
      for (const [a, b] of sums.slice(0, count)) c.get(a).get(b).op("f64x2.add").set(a);
    };
    const hasTail = () => c.get(p.n).i32(1).op("i32.and");

    blockLoop(c, i, p.m, 4, () => {
      sumPairs(4);
      for (const r of [0, 2]) {
        const [low, high] = [sums[r]![0], sums[r + 1]![0]];
        for (const lanes of [EVEN, ODD]) {
          c.get(low).get(high);
          c.op("i8x16.shuffle", ...lanes);
        }
        c.op("f64x2.add").set(total);
        hasTail().if(() => {
          c.get(total);
          loadPair(c, rows[r]!, rows[r + 1]!);
          c.get(xAt).load("v128.load64_splat", 0).op("f64x2.mul").op("f64x2.add").set(total);
        });
        const next = c.local("i32");
        c.get(p.y).get(p.yStride).op("i32.add").set(next);
        if (finish === "solve") {
          loadPair(c, p.y, next);
          c.get(total).op("f64x2.sub").get(p.divisorF64).op("f64x2.splat").op("f64x2.div").set(total);
        }
        c.get(p.y).get(total).op("v128.store64_lane", 0, 3, 0);
        c.get(next).get(total).op("v128.store64_lane", 0, 3, 1);
        c.get(next).get(p.yStride).op("i32.add").set(p.y);
      }
      c.get(p.a).get(p.aRow).i32(2).op("i32.shl").op("i32.add").set(p.a);
    });
    c.countedLoop(i, p.m, 1, () => {
      const sum = c.local("f64");
      sumPairs(1);
      const [lanes] = sums[0]!;
      c.get(lanes).op("f64x2.extract_lane", 0).get(lanes).op("f64x2.extract_lane", 1).op("f64.add").set(sum);
      hasTail().if(() => {
        c.get(sum).get(rows[0]!).load("f64.load", 0).get(xAt).load("f64.load", 0).op("f64.mul").op("f64.add").set(sum);
      });
      c.get(p.y);
      if (finish === "solve") c.get(p.y).load("f64.load", 0).get(sum).op("f64.sub").get(p.divisorF64).op("f64.div");
      else c.get(sum);
      c.store("f64.store", 0);
      advance(c, p.y, p.yStride);
      advance(c, p.a, p.aRow);
    });
  });
}

/**
 * Combinations of rows: `y[j] = Σ_i x[i] a[i][j]`, i < m, j < n; rows of `a` are `aRow` bytes apart, elements of `x`
 * `xStride` bytes; `y` contiguous. Eight columns at a time stay in four accumulators; columns that do not fill a stripe are summed
 * together with some of their neighbours once more, which is cheaper than ever narrower stripes.
 */
function columnProducts(name: string, finish: Finish, part: Part = "full"): Kernel {
  return kernel(name, ["a", "aRow", "x", "xStride", "y", "m", "n", "divisorF64"], (c, p) => {
    const i = c.local("i32", "i");
    const j = c.local("i32", "j");
    const aAt = c.local("i32", "aAt");
    const xAt = c.local("i32", "xAt");
    const first = c.local("i32", "first");
    const rows = c.local("i32", "rows");
    const weight = c.local("v128", "weight");
    const sums = [0, 1, 2, 3].map((s) => c.local("v128", `sum${s}`));
    const scalarSum = c.local("f64", "sum");

    const columns = (width: 1 | 2 | 4 | 8) => {
      const vectors = sums.slice(0, width / 2);
      const operation = finish === "solve" ? "f64x2.sub" : "f64x2.add";
      c.get(p.a).set(aAt).get(p.x).set(xAt).i32(0).set(i);
      if (part === "lower") {
        c.get(aAt).get(first).get(p.aRow).op("i32.mul").op("i32.add").set(aAt);
        c.get(xAt).get(first).get(p.xStride).op("i32.mul").op("i32.add").set(xAt);
        c.get(first).set(i);
      }
      if (part === "upper") {
        c.get(first).i32(width).op("i32.add").tee(rows).get(p.m).get(rows).get(p.m);
        c.op("i32.lt_s").op("select").set(rows);
      }
      vectors.forEach((sum, s) => {
        if (finish === "solve")
          c.get(p.y)
            .load("v128.load", 16 * s)
            .set(sum);
        else c.f64x2(0).set(sum);
      });
      if (width === 1) {
        if (finish === "solve") c.get(p.y).load("f64.load", 0).set(scalarSum);
        else c.f64(0).set(scalarSum);
      }
      c.countedLoop(i, part === "upper" ? rows : p.m, 1, () => {
        if (width === 1) {
          c.get(scalarSum).get(xAt).load("f64.load", 0).get(aAt).load("f64.load", 0).op("f64.mul");
          c.op(finish === "solve" ? "f64.sub" : "f64.add").set(scalarSum);
        } else c.get(xAt).load("v128.load64_splat", 0).set(weight);
        vectors.forEach((sum, s) => {
          const offset = 16 * s;
          c.get(sum).get(weight).get(aAt).load("v128.load", offset).op("f64x2.mul").op(operation).set(sum);
        });
        advance(c, aAt, p.aRow);
        advance(c, xAt, p.xStride);
      });
      vectors.forEach((sum, s) => {
        c.get(p.y).get(sum);
        if (finish === "solve") c.get(p.divisorF64).op("f64x2.splat").op("f64x2.div");
        c.store("v128.store", 16 * s);
      });
      if (width === 1) {
        c.get(p.y).get(scalarSum);
        if (finish === "solve") c.get(p.divisorF64).op("f64.div");
        c.store("f64.store", 0);
      }
    };
    const next = (width: number) => {
      advance(c, p.a, 8 * width);
      advance(c, p.y, 8 * width);
    };
    if (finish === "solve") {
      // What was solved must not be read as what is to be.
      blockLoop(c, j, p.n, 8, () => {
        columns(8);
        next(8);
      });
      for (const width of [4, 2, 1] as const) {
        c.get(p.n).i32(width).op("i32.and");
        c.if(() => {
          columns(width);
          next(width);
        });
      }
      return;
    }
    const step = c.local("i32", "step");
    const bytes = c.local("i32", "bytes");
    const stripes = (width: 1 | 2 | 4 | 8) => {
      c.i32(0).set(first).get(p.n).i32(width).op("i32.sub").set(j);
      c.loop(() => {
        columns(width);
        c.get(j).i32(width).get(j).i32(width).op("i32.lt_s").op("select").tee(step);
        c.i32(3).op("i32.shl").set(bytes);
        for (const pointer of [p.a, p.y]) advance(c, pointer, bytes);
        advance(c, first, step);
        c.get(j).get(step).op("i32.sub").set(j).get(step).brIf(0);
      });
    };
    const widest = (widths: readonly (1 | 2 | 4 | 8)[]): void => {
      const [width, ...narrower] = widths;
      if (!width) return;
      c.get(p.n).i32(width).op("i32.ge_s");
      c.if(
        () => stripes(width),
        () => widest(narrower),
      );
    };
    widest([8, 4, 2, 1]);
  });
}

const dotRows: Kernel = rowProducts("dotRows", "store");
export const solveRows: Kernel = rowProducts("solveRows", "solve");
export const combineRows: Kernel = columnProducts("combineRows", "store");
const combineUpper: Kernel = columnProducts("combineUpper", "store", "upper");
const combineLower: Kernel = columnProducts("combineLower", "store", "lower");
export const solveColumns: Kernel = columnProducts("solveColumns", "solve");

/** `gemv(a, x, y, m, n)`: y = A x for A m×n. */
export const gemv: Kernel = kernel("gemv", ["a", "x", "y", "m", "n"], (c, p, link) => {
  c.get(p.a).get(p.n).i32(3).op("i32.shl").get(p.x).get(p.y).i32(8).get(p.m).get(p.n).f64(1).call(link(dotRows));
});

const transposedProduct = (name: string, combine: Kernel): Kernel =>
  kernel(name, ["a", "x", "y", "m", "n"], (c, p, link) => {
    c.get(p.a).get(p.n).i32(3).op("i32.shl").get(p.x).i32(8).get(p.y).get(p.m).get(p.n).f64(1).call(link(combine));
  });
/** `gemvT(a, x, y, m, n)`: y = Aᵀ x for A m×n. */
export const gemvT: Kernel = transposedProduct("gemvT", combineRows);
/** The same for an A that is zero below (above) its diagonal, which is not read there. */
export const gemvTUpper: Kernel = transposedProduct("gemvTUpper", combineUpper);
export const gemvTLower: Kernel = transposedProduct("gemvTLower", combineLower);
