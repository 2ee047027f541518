/** Solving with a positive definite matrix: L⁻¹[B | I] for A = L·Lᵀ by elimination, and A⁻¹[B | I] from it. */
import type { Code, Local } from "../assembler.ts";
import { ASSIGN, gemmStrided, LOWER, packedDoubles, SUBTRACT } from "./gemm.ts";
import { address, advance, blockLength, type Kernel, kernel } from "./kernel.ts";

/** Rows eliminated at a time. */
const BLOCK = 32;

/** Doubles of scratch of both kernels; 0 for one block. */
export function inverseFactorScratchDoubles(n: number, m: number): number {
  return n <= BLOCK ? 0 : packedDoubles(n, n, n + m) + BLOCK * (2 * n + m);
}

/** Runs `body` for strips of columns: as many as possible of six vectors, then four, two and one, and an odd last column (0 vectors). */
function strips(c: Code, columns: Local, body: (vectors: number, first: Local) => void): void {
  const first = c.local("i32", "first");
  const bound = c.local("i32", "bound");
  c.i32(0).set(first).get(columns).i32(11).op("i32.sub").set(bound);
  c.countedLoop(first, bound, 12, () => body(6, first));
  for (const vectors of [4, 2, 1, 0]) {
    const width = 2 * vectors || 1;
    c.get(columns).get(first).op("i32.sub").i32(width).op("i32.ge_s");
    c.if(() => {
      body(vectors, first);
      advance(c, first, width);
    });
  }
}
const offsets = (vectors: number): number[] => Array.from({ length: vectors || 1 }, (_, v) => 16 * v);
/** Pushes the columns of a strip at `offset`; of an odd last column, the second lane is zero and is not stored. */
const loadStrip = (c: Code, vectors: number, offset: number): Code =>
  c.load(vectors === 0 ? "v128.load64_zero" : "v128.load", offset);
const storeStrip = (c: Code, vectors: number, offset: number): Code =>
  vectors === 0 ? c.op("v128.store64_lane", offset, 3, 0) : c.store("v128.store", offset);

/**
 * Eliminates in place in `n` rows `row` bytes apart that hold [B | A], B with m columns: leaves L⁻¹[B | I].
 * When A is not positive definite, the first diagonal element is NaN.
 *
 * The pivots are those of A = LDLᵀ: a square root between one pivot and the next would add to what bounds small matrices, which
 * is latency. Rows are scaled when they are finished. Only vectors are stored, at places where the same vectors are loaded.
 */
const eliminate: Kernel = kernel("eliminate", ["e", "row", "n", "m"], (c, p) => {
  const k = c.local("i32", "k");
  const i = c.local("i32", "i");
  const at = c.local("i32", "at");
  const source = c.local("i32", "source");
  const factor = c.local("i32", "factor");
  const target = c.local("i32", "target");
  const corner = c.local("i32", "corner");
  const diagonal = c.local("i32", "diagonal");
  const columns = c.local("i32", "columns");
  const pivot = c.local("f64", "pivot");
  const inverse = c.local("v128", "inverse");
  const place = c.local("v128", "place");
  const lanes = c.local("v128", "lanes");
  const two = c.local("v128", "two");
  const weight = c.local("v128", "weight");
  const scale = c.local("v128", "scale");
  const rows = [0, 1, 2, 3, 4, 5].map((v) => c.local("v128", `row${v}`));
  c.get(p.n).get(p.m).op("i32.add").set(columns);
  address(c, p.e, p.m, 8).tee(corner).set(diagonal);
  c.f64x2(2).set(two);
  /** Every vector of a strip of the row of the pivot, `lanes` being its columns. */
  const eachVector = (vectors: number, first: Local, body: (offset: number) => void): void => {
    address(c, p.e, first, 8).set(source);
    c.get(first).op("f64.convert_i32_s").op("f64x2.splat").v128(COLUMN).op("f64x2.add").set(lanes);
    offsets(vectors).forEach((offset, v) => {
      if (v > 0) c.get(lanes).get(two).op("f64x2.add").set(lanes);
      body(offset);
    });
  };

  c.countedLoop(k, p.n, 1, () => {
    c.get(diagonal).load("f64.load", 0).tee(pivot).f64(0).op("f64.gt").op("i32.eqz");
    c.if(() => {
      c.get(corner).f64(Number.NaN).store("f64.store", 0).return();
    });
    c.f64(1).get(pivot).op("f64.div").op("f64x2.splat").set(inverse);
    c.f64(1).get(pivot).op("f64.sqrt").op("f64.div").op("f64x2.splat").set(scale);
    c.get(k).get(p.m).op("i32.add").op("f64.convert_i32_s").op("f64x2.splat").set(place);
    strips(c, columns, (vectors, first) => {
      address(c, p.e, first, 8).set(at);
      offsets(vectors).forEach((offset, v) => {
        c.get(at);
        loadStrip(c, vectors, offset).set(rows[v]!);
      });
      c.get(diagonal).tee(factor).set(target);
      c.get(k).i32(1).op("i32.add").set(i);
      c.countedLoop(i, p.n, 1, () => {
        advance(c, factor, 8);
        advance(c, at, p.row);
        c.get(factor).load("v128.load64_splat", 0).get(inverse).op("f64x2.mul").set(weight);
        offsets(vectors).forEach((offset, v) => {
          c.get(at).get(at);
          loadStrip(c, vectors, offset).get(weight).get(rows[v]!).op("f64x2.mul").op("f64x2.sub");
          storeStrip(c, vectors, offset);
        });
        advance(c, target, p.row);
        c.get(target).get(weight).op("f64x2.neg").op("v128.store64_lane", 0, 3, 0);
      });
    });
    strips(c, columns, (vectors, first) => {
      eachVector(vectors, first, (offset) => {
        c.get(source).get(scale).get(source);
        loadStrip(c, vectors, offset).get(scale).op("f64x2.mul").get(lanes).get(place).op("f64x2.lt").op("v128.and");
        c.get(lanes).get(place).op("f64x2.eq").op("v128.bitselect");
        storeStrip(c, vectors, offset);
      });
    });
    advance(c, p.e, p.row);
    c.get(diagonal).get(p.row).op("i32.add").i32(8).op("i32.add").set(diagonal);
  });
});
const COLUMN = new Uint8Array(Float64Array.of(0, 1).buffer);

/** Copies `n` doubles `stride` bytes apart to contiguous ones, moving the pointers: for a few, where a bulk copy costs more than it moves. */
function copyDoubles(c: Code, from: Local, stride: Local | number, to: Local, n: Local): void {
  const end = c.local("i32");
  c.get(to).get(n).i32(3).op("i32.shl").op("i32.add").set(end);
  c.countedLoop(to, end, 8, () => {
    c.get(to).get(from).load("f64.load", 0).store("f64.store", 0);
    advance(c, from, stride);
  });
}

/**
 * `inverseFactor(a, b, e, n, m, scratch)`: E = L⁻¹[B | I], n×(m + n), for positive definite A = L·Lᵀ, n×n, and B, n×m; the strict upper triangle of
 * A is not read. When A is not positive definite, E is filled with NaN. Scratch: {@link inverseFactorScratchDoubles}.
 *
 * Blocks of rows from the top: their factor by elimination, then packed products carry it to the rows below, where the finished
 * part of E grows from the left and the Schur complement shrinks.
 */
export const inverseFactor: Kernel = kernel(
  "inverseFactor",
  ["a", "b", "e", "n", "m", "scratch"],
  (c, p, link) => {
    const i = c.local("i32", "i");
    const row = c.local("i32", "row");
    const aRow = c.local("i32", "aRow");
    const isLarge = c.local("i32", "isLarge");
    const count = c.local("i32", "count");
    const column = c.local("i32", "column");
    const from = c.local("i32", "from");
    const at = c.local("i32", "at");
    const to = c.local("i32", "to");
    const end = c.local("i32", "end");
    c.get(p.n).get(p.m).op("i32.add").i32(3).op("i32.shl").set(row);

    c.get(p.n).i32(3).op("i32.shl").set(aRow);
    c.get(p.n).i32(BLOCK).op("i32.gt_s").set(isLarge);
    c.get(p.e).set(to).get(p.b).set(from).get(p.a).set(at);
    c.countedLoop(i, p.n, 1, () => {
      copyDoubles(c, from, 8, to, p.m);
      c.get(isLarge).if(
        () => copyDoubles(c, at, 8, to, p.n),
        () => {
          // Right of the diagonal stands what is below it.
          c.get(at).set(column).get(i).i32(1).op("i32.add").set(count);
          copyDoubles(c, column, 8, to, count);
          address(c, at, i, 8).get(aRow).op("i32.add").set(column).get(p.n).get(count).op("i32.sub").set(count);
          copyDoubles(c, column, aRow, to, count);
          advance(c, at, aRow);
        },
      );
    });
    const operands = () => c.get(p.e).get(row).get(p.n).get(p.m);
    c.get(isLarge).if(
      () => operands().get(p.scratch).call(link(eliminateBlocks)),
      () => operands().call(link(eliminate)),
    );
    address(c, p.e, p.m, 8).set(at);
    c.get(at).load("f64.load", 0).get(at).load("f64.load", 0).op("f64.ne");
    c.if(() => {
      address(c, p.e, p.n, row).set(end);
      c.countedLoop(p.e, end, 8, () => {
        c.get(p.e).f64(Number.NaN).store("f64.store", 0);
      });
    });
  },
  ([n, m]) => inverseFactorScratchDoubles(n!, m!),
);

/** As {@link eliminate}, from [B | lower triangle of A], by blocks. */
const eliminateBlocks: Kernel = kernel("eliminateBlocks", ["e", "row", "n", "m", "scratch"], (c, p, link) => {
  const [i, j] = [c.local("i32", "i"), c.local("i32", "j")];
  const [at, to] = [c.local("i32", "at"), c.local("i32", "to")];
  const from = c.local("i32", "from");
  const done = c.local("i32", "done");
  const width = c.local("i32", "width");
  const height = c.local("i32", "height");
  const start = c.local("i32", "start");
  const corner = c.local("i32", "corner");
  const below = c.local("i32", "below");
  const first = c.local("i32", "first");
  const factor = c.local("i32", "factor");
  const finished = c.local("i32", "finished");
  const packed = c.local("i32", "packed");
  const factorRow = c.local("i32", "factorRow");
  const finishedRow = c.local("i32", "finishedRow");
  c.get(p.scratch).set(factor);
  c.get(factor)
    .get(p.n)
    .i32(BLOCK * 8)
    .op("i32.mul")
    .op("i32.add")
    .set(finished);
  c.get(p.n)
    .get(p.m)
    .op("i32.add")
    .i32(BLOCK * 8)
    .op("i32.mul")
    .get(finished)
    .op("i32.add")
    .set(packed);
  address(c, p.e, p.m, 8).set(first);
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
    c.get(p.m).get(from).op("i32.add").set(done);
    address(c, start, done, 8).set(corner);
    eachRow(corner, width, () => {
      address(c, corner, i, 8).set(to).i32(0).set(j);
      c.countedLoop(j, i, 1, () => {
        c.get(to);
        address(c, at, j, 8).load("f64.load", 0).store("f64.store", 0);
        advance(c, to, p.row);
      });
    });
    c.get(corner).get(p.row).get(width).i32(0).call(link(eliminate));
    c.get(corner).load("f64.load", 0).get(corner).load("f64.load", 0).op("f64.ne");
    c.if(() => {
      c.get(first).f64(Number.NaN).store("f64.store", 0).return();
    });
    c.get(width).i32(3).op("i32.shl").set(factorRow);
    c.get(p.n).get(from).op("i32.sub").get(width).op("i32.sub").set(height);
    eachRow(corner, width, () => {
      address(c, at, width, 8).i32(0).get(height).i32(3).op("i32.shl").op("memory.fill");
    });
    c.get(done).if(() => {
      c.get(done).i32(3).op("i32.shl").set(finishedRow).get(finished).set(to);
      eachRow(start, width, () => {
        c.get(to).get(at).get(finishedRow).op("memory.copy");
        advance(c, to, finishedRow);
      });
      c.get(corner).get(p.row).i32(8).get(finished).get(finishedRow).i32(8).get(start).get(p.row);
      multiply(width, width, done, ASSIGN);
    });
    c.get(height).if(() => {
      address(c, corner, width, p.row).set(below);
      c.get(below).get(p.row).i32(8).get(corner).i32(8).get(p.row).get(factor).get(factorRow);
      multiply(height, width, width, ASSIGN);
      eachRow(below, height, () => c.get(at).i32(0).get(factorRow).op("memory.fill"));
      c.get(done).get(width).op("i32.add").set(done);
      c.get(factor).get(factorRow).i32(8).get(start).get(p.row).i32(8);
      address(c, start, width, p.row).get(p.row);
      multiply(height, width, done, SUBTRACT);
      c.get(factor).get(factorRow).i32(8).get(factor).i32(8).get(factorRow);
      c.get(below).get(factorRow).op("i32.add").get(p.row);
      multiply(height, width, height, LOWER + SUBTRACT);
    });
  });
});

/**
 * `inverseProducts(e, s, n, m, scratch)`: S = A⁻¹[B | I] from E = L⁻¹[B | I], both n×(m + n). Scratch: {@link inverseFactorScratchDoubles}.
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
    const lower = c.local("i32", "lower");
    const to = c.local("i32", "to");
    const weight = c.local("v128", "weight");
    const sums = [0, 1, 2, 3, 4, 5].map((v) => c.local("v128", `sum${v}`));
    c.get(p.n).get(p.m).op("i32.add").tee(columns).i32(3).op("i32.shl").set(row);
    c.get(p.n).i32(BLOCK).op("i32.gt_s");
    c.if(() => {
      c.get(p.e).get(p.s).get(p.n).get(p.m).get(row).get(p.scratch).call(link(blockProducts)).return();
    });
    strips(c, columns, (vectors, first) => {
      address(c, p.s, first, 8).set(to);
      c.i32(0).set(i);
      c.countedLoop(i, p.n, 1, () => {
        // Left of column `lower` of L⁻¹ the strip is zero above row `lower`.
        c.get(first).get(p.m).op("i32.sub").tee(lower).get(i).get(lower).get(i).op("i32.gt_s").op("select").set(r);
        address(c, p.e, r, row).tee(at).get(i).get(p.m).op("i32.add").i32(3).op("i32.shl").op("i32.add").set(factor);
        address(c, at, first, 8).set(at);
        for (const sum of sums.slice(0, vectors || 1)) c.f64x2(0).set(sum);
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
  const at = c.local("i32", "at");
  const to = c.local("i32", "to");
  const start = c.local("i32", "start");
  c.countedLoop(from, p.n, BLOCK, () => {
    blockLength(c, width, p.n, from, BLOCK);
    address(c, p.e, from, p.row).set(start);
    address(c, start, p.m, 8).get(from).i32(3).op("i32.shl").op("i32.add").i32(8).get(p.row);
    c.get(start).get(p.row).i32(8);
    address(c, p.s, from, p.row).get(p.row);
    c.get(width).get(p.n).get(from).op("i32.sub").get(p.m).get(from).op("i32.add").get(width).op("i32.add");
    c.i32(ASSIGN).get(p.scratch).call(link(gemmStrided));
  });
  address(c, p.s, p.m, 8).set(start);
  c.countedLoop(i, p.n, 1, () => {
    address(c, start, i, p.row).set(at);
    address(c, start, i, 8).set(to);
    c.i32(0).set(j);
    c.countedLoop(j, i, 1, () => {
      c.get(to).get(at).load("f64.load", 0).store("f64.store", 0);
      advance(c, at, 8);
      advance(c, to, p.row);
    });
  });
});
