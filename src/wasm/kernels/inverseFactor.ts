/** Solving with a positive definite matrix: L⁻¹[I | B] for A = L·Lᵀ by elimination, and A⁻¹[I | B] from it. */
import type { Code, Local } from "../assembler.ts";
import { ASSIGN, gemmStrided, LOWER, packedDoubles, SUBTRACT } from "./gemm.ts";
import { address, advance, blockLength, type Kernel, kernel } from "./kernel.ts";

/** Up to this many rows packing does not pay. */
const DIRECT = 64;
/** Rows eliminated at a time of more. */
const BLOCK = 32;

/** Doubles of scratch of both kernels; may be 0. */
export function inverseFactorScratchDoubles(n: number, m: number): number {
  return n <= DIRECT ? 0 : packedDoubles(n, n, Math.max(n, m)) + BLOCK * 2 * n;
}

/**
 * Runs `body` for strips that are together all columns: as many as fit of the first number of vectors, then of the others; 0 is an odd
 * last column.
 */
function strips(
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
const offsets = (vectors: number): number[] => Array.from({ length: vectors || 1 }, (_, v) => 16 * v);
/** Pushes the columns of a strip at `offset`; of an odd last column, the second lane is zero and is not stored. */
const loadStrip = (c: Code, vectors: number, offset: number): Code =>
  c.load(vectors === 0 ? "v128.load64_zero" : "v128.load", offset);
const storeStrip = (c: Code, vectors: number, offset: number): Code =>
  vectors === 0 ? c.op("v128.store64_lane", offset, 3, 0) : c.store("v128.store", offset);

/** Bytes of two doubles. */
const pairOf = (low: number, high: number): Uint8Array => new Uint8Array(Float64Array.of(low, high).buffer);

/**
 * Eliminates in place in `n` rows `row` bytes apart that hold [A | B], B with m columns: leaves L⁻¹[I | B].
 * When A is not positive definite, the first element is NaN.
 *
 * The pivots are those of A = LDLᵀ: a square root between one pivot and the next would add to what bounds small matrices, which
 * is latency. Two of them are taken at a time, which halves the stores; the two columns that then begin to hold L⁻¹ are stored as
 * one vector, where vectors are loaded. Rows are scaled when they are finished.
 */
const eliminate: Kernel = kernel("eliminate", ["e", "row", "n", "m"], (c, p) => {
  const k = c.local("i32", "k");
  const i = c.local("i32", "i");
  const last = c.local("i32", "last");
  const at = c.local("i32", "at");
  const next = c.local("i32", "next");
  const diagonal = c.local("i32", "diagonal");
  const below = c.local("i32", "below");
  const target = c.local("i32", "target");
  const source = c.local("i32", "source");
  const start = c.local("i32", "start");
  const to = c.local("i32", "to");
  const columns = c.local("i32", "columns");
  const origin = c.local("i32", "origin");
  const pivots = [c.local("f64", "pivot0"), c.local("f64", "pivot1")];
  const inverses = [c.local("v128", "inverse0"), c.local("v128", "inverse1")];
  const scales = [c.local("v128", "scale0"), c.local("v128", "scale1")];
  const weights = [c.local("v128", "weight0"), c.local("v128", "weight1")];
  const factor = c.local("v128", "factor");
  const begun = c.local("v128", "begun");
  const kept = c.local("v128", "kept");
  const lanes = c.local("v128", "lanes");
  const place = c.local("v128", "place");
  const end = c.local("v128", "end");
  c.get(p.n).get(p.m).op("i32.add").set(columns);
  c.get(p.e).tee(diagonal).set(origin);
  c.get(p.n).op("f64.convert_i32_s").op("f64x2.splat").set(end);
  c.get(p.n).i32(1).op("i32.sub").set(last);

  /** Takes what is on the stack for a pivot, unless it is not positive. */
  const pivot = (which: 0 | 1) => {
    c.tee(pivots[which]!).f64(0).op("f64.gt").op("i32.eqz");
    c.if(() => {
      c.get(origin).f64(Number.NaN).store("f64.store", 0).return();
    });
    c.f64(1).get(pivots[which]!).op("f64.div").op("f64x2.splat").set(inverses[which]!);
    c.f64(1).get(pivots[which]!).op("f64.sqrt").op("f64.div").op("f64x2.splat").set(scales[which]!);
  };
  /** Strips of the row of the first pivot, that of the second at `next`. */
  const eachStrip = (
    widths: readonly number[],
    body: (vectors: number, offset: number) => void,
    moved: readonly Local[] = [],
  ) => {
    c.get(p.e).set(at).get(p.e).get(p.row).op("i32.add").set(next);
    strips(c, columns, widths, (vectors) => {
      for (const offset of offsets(vectors)) body(vectors, offset);
      for (const pointer of [at, next, ...moved]) advance(c, pointer, 16 * vectors);
    });
  };

  c.countedLoop(k, last, 2, () => {
    c.get(diagonal).get(p.row).op("i32.add").set(below);
    c.get(diagonal).load("f64.load", 0);
    pivot(0);
    c.get(diagonal).load("v128.load64_splat", 8).get(inverses[0]!).op("f64x2.mul").set(factor);
    eachStrip([1, 0], (vectors) => {
      c.get(next).get(next);
      loadStrip(c, vectors, 0).get(factor).get(at);
      loadStrip(c, vectors, 0).op("f64x2.mul").op("f64x2.sub");
      storeStrip(c, vectors, 0);
    });
    c.get(below).load("f64.load", 8);
    pivot(1);
    c.get(factor).v128(pairOf(1, 0)).op("f64x2.mul").v128(pairOf(0, -1)).op("f64x2.add").set(begun);
    c.get(p.e).get(p.row).op("i32.add").set(start).get(below).set(target).get(diagonal).set(source);
    c.get(k).i32(2).op("i32.add").set(i);
    c.countedLoop(i, p.n, 1, () => {
      c.get(start).get(p.row).op("i32.add").tee(start).set(to);
      advance(c, target, p.row);
      c.get(source).load("v128.load64_splat", 16).get(inverses[0]!).op("f64x2.mul").set(weights[0]!);
      c.get(source).get(p.row).op("i32.add").load("v128.load64_splat", 16);
      c.get(inverses[1]!).op("f64x2.mul").set(weights[1]!);
      advance(c, source, 8);
      eachStrip(
        [4, 1, 0],
        (vectors, offset) => {
          c.get(to).get(to);
          loadStrip(c, vectors, offset);
          [at, next].forEach((row, r) => {
            c.get(weights[r]!).get(row);
            loadStrip(c, vectors, offset).op("f64x2.mul").op("f64x2.sub");
          });
          storeStrip(c, vectors, offset);
        },
        [to],
      );
      c.get(target).get(weights[1]!).get(begun).op("f64x2.mul");
      c.get(weights[0]!).v128(pairOf(1, 0)).op("f64x2.mul").op("f64x2.sub").store("v128.store", 0);
    });
    c.get(k).op("f64.convert_i32_s").op("f64x2.splat").set(place).v128(pairOf(0, 1)).set(lanes);
    eachStrip([1, 0], (vectors) => {
      c.get(lanes).get(place).op("f64x2.lt").get(lanes).get(end).op("f64x2.ge").op("v128.or").set(kept);
      c.get(lanes).f64x2(2).op("f64x2.add").set(lanes);
      [at, next].forEach((row, r) => {
        c.get(row).get(row);
        loadStrip(c, vectors, 0).get(scales[r]!).op("f64x2.mul").get(kept).op("v128.and");
        storeStrip(c, vectors, 0);
      });
    });
    c.get(diagonal).get(scales[0]!).v128(pairOf(1, 0)).op("f64x2.mul").store("v128.store", 0);
    c.get(below).get(begun).get(scales[1]!).op("f64x2.mul").op("f64x2.neg").store("v128.store", 0);
    c.get(p.e).get(p.row).i32(1).op("i32.shl").op("i32.add").set(p.e);
    c.get(below).get(p.row).op("i32.add").i32(16).op("i32.add").set(diagonal);
  });
  c.get(k).get(p.n).op("i32.lt_s");
  c.if(() => {
    c.get(diagonal).load("f64.load", 0);
    pivot(0);
    eachStrip([1, 0], (vectors) => {
      c.get(at).get(at);
      loadStrip(c, vectors, 0).get(scales[0]!).op("f64x2.mul");
      storeStrip(c, vectors, 0);
    });
    c.get(diagonal).get(scales[0]!).op("v128.store64_lane", 0, 3, 0);
  });
});

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
