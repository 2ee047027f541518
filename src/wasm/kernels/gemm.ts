/** Products of matrices. */
import type { Code, Local } from "../assembler.ts";
import { address, advance, blockLength, blockLoop, type Kernel, kernel, loadPair, setSum } from "./kernel.ts";
import { combineRows } from "./products.ts";

/**
 * Matrix products. Large ones follow Goto and van de Geijn (2008), "Anatomy of high-performance matrix multiplication": both operands are
 * packed into panels four wide, and a micro-kernel of 4 rows × 2 vectors keeps its tile of C in eight registers.
 */

/** Depth of a packed block (a panel of 4 × 256 doubles is 8 kB), rows of A per block, columns of B per block. */
const DEPTH = 256;
const ROWS = 96;
const COLUMNS = 1024;
const TILE_BYTES = 4 * 4 * 8;

/** From this many multiplications on, with every extent at least {@link PACKED_EXTENT}, packing pays. */
const PACKED_WORK = 16384;
const PACKED_EXTENT = 8;

/** What happens to C: overwritten, subtracted from (1 would add); {@link LOWER} limits it to tiles that touch the lower triangle. */
export const ASSIGN = 0;
export const SUBTRACT = 2;
export const LOWER = 4;

/** Doubles of scratch that {@link gemm} needs for C of m×n and inner extent k; may be 0. */
export function scratchDoubles(m: number, k: number, n: number): number {
  return Math.min(m, k, n) >= PACKED_EXTENT && m * k * n >= PACKED_WORK ? packedDoubles(m, k, n) : 0;
}

/** Doubles of scratch of {@link gemmStrided}. */
export function packedDoubles(m: number, k: number, n: number): number {
  const panels = (x: number, block: number) => 4 * Math.ceil(Math.min(x, block) / 4);
  return TILE_BYTES / 8 + Math.min(k, DEPTH) * (panels(m, ROWS) + panels(n, COLUMNS));
}

/**
 * Copy `lanes` vectors of `depth` elements into panels of four: panel after panel, element after element, four lanes side by side; lanes
 * missing in the last panel are zero. Lane l, element k is at `source + l * laneStride + k * depthStride`.
 */
const pack: Kernel = kernel("pack", ["source", "laneStride", "depthStride", "lanes", "depth", "to"], (c, p) => {
  const lane = c.local("i32", "lane");
  const d = c.local("i32", "d");
  const at = [0, 1, 2, 3].map((l) => c.local("i32", `at${l}`));
  blockLoop(c, lane, p.lanes, 4, () => {
    c.get(p.source).set(at[0]!);
    for (let l = 1; l < 4; l++) setSum(c, at[l]!, at[l - 1]!, p.laneStride);
    c.get(at[3]!).get(p.laneStride).op("i32.add").set(p.source);
    c.i32(0).set(d);
    c.countedLoop(d, p.depth, 1, () => {
      for (const l of [0, 2]) {
        c.get(p.to);
        loadPair(c, at[l]!, at[l + 1]!);
        c.store("v128.store", 8 * l);
      }
      for (const pointer of at) advance(c, pointer, p.depthStride);
      advance(c, p.to, 32);
    });
  });
  c.get(lane).get(p.lanes).op("i32.lt_s");
  c.if(() => {
    c.get(p.to).i32(0).get(p.depth).i32(5).op("i32.shl").op("memory.fill");
    c.countedLoop(lane, p.lanes, 1, () => {
      c.get(p.source).set(at[0]!).get(p.to).set(at[1]!).i32(0).set(d);
      c.countedLoop(d, p.depth, 1, () => {
        c.get(at[1]!).get(at[0]!).load("f64.load", 0).store("f64.store", 0);
        advance(c, at[0]!, p.depthStride);
        advance(c, at[1]!, 32);
      });
      advance(c, p.source, p.laneStride);
      advance(c, p.to, 8);
    });
  });
});

/** One tile of C, `rows` × `columns` ≤ 4×4, from a panel of A and a panel of B of the same depth. Partial tiles go through `buffer`. */
const tile: Kernel = kernel("tile", ["a", "b", "c", "cRow", "depth", "mode", "rows", "columns", "buffer"], (c, p) => {
  const left = c.local("v128", "b0");
  const right = c.local("v128", "b1");
  const weight = c.local("v128", "weight");
  const end = c.local("i32", "end");
  const sums = [0, 1, 2, 3].map((r) => [c.local("v128", `c${r}0`), c.local("v128", `c${r}1`)] as const);
  c.get(p.a).get(p.depth).i32(5).op("i32.shl").op("i32.add").set(end);
  c.countedLoop(p.a, end, 32, () => {
    c.get(p.b).load("v128.load", 0).set(left).get(p.b).load("v128.load", 16).set(right);
    sums.forEach(([s0, s1], r) => {
      c.get(p.a)
        .load("v128.load64_splat", 8 * r)
        .set(weight);
      c.get(s0).get(weight).get(left).op("f64x2.mul").op("f64x2.add").set(s0);
      c.get(s1).get(weight).get(right).op("f64x2.mul").op("f64x2.add").set(s1);
    });
    advance(c, p.b, 32);
  });
  c.get(p.mode).i32(SUBTRACT).op("i32.eq");
  c.if(() => {
    for (const s of sums.flat()) c.get(s).op("f64x2.neg").set(s);
  });
  c.get(p.rows).get(p.columns).op("i32.add").i32(8).op("i32.eq");
  c.if(
    () => {
      sums.forEach(([s0, s1]) => {
        c.get(p.mode);
        c.if(() => {
          c.get(p.c).load("v128.load", 0).get(s0).op("f64x2.add").set(s0);
          c.get(p.c).load("v128.load", 16).get(s1).op("f64x2.add").set(s1);
        });
        c.get(p.c).get(s0).store("v128.store", 0).get(p.c).get(s1).store("v128.store", 16);
        advance(c, p.c, p.cRow);
      });
    },
    () => partialTile(c, p, sums),
  );
});

type TileParameters = Readonly<Record<"c" | "cRow" | "mode" | "rows" | "columns" | "buffer", Local>>;

function partialTile(c: Code, p: TileParameters, sums: readonly (readonly [Local, Local])[]): void {
  const row = c.local("i32", "row");
  const column = c.local("i32", "column");
  const at = c.local("i32", "at");
  sums.flat().forEach((s, i) => {
    c.get(p.buffer)
      .get(s)
      .store("v128.store", 16 * i);
  });
  c.countedLoop(row, p.rows, 1, () => {
    c.i32(0).set(column).get(p.c).set(at);
    c.countedLoop(column, p.columns, 1, () => {
      c.get(at);
      address(c, p.buffer, column, 8).load("f64.load", 0);
      c.get(at).load("f64.load", 0).f64(0).get(p.mode).op("select").op("f64.add").store("f64.store", 0);
      advance(c, at, 8);
    });
    advance(c, p.c, p.cRow);
    advance(c, p.buffer, 32);
  });
}

/**
 * `C ← A·B`, `C + A·B` or `C − A·B` with element (i, l) of A at `a + i*aRow + l*aColumn`, likewise B, and rows of C `cRow` bytes
 * apart; any of A and B may be transposed or part of a larger matrix. With {@link LOWER}, tiles of C strictly above its diagonal are left alone.
 * Scratch: {@link packedDoubles}. Extents are positive.
 */
export const gemmStrided: Kernel = kernel(
  "gemmStrided",
  ["a", "aRow", "aColumn", "b", "bRow", "bColumn", "c", "cRow", "m", "k", "n", "mode", "scratch"],
  (c, p, link) => {
    const [jc, nc] = [c.local("i32", "jc"), c.local("i32", "nc")];
    const [pc, kc] = [c.local("i32", "pc"), c.local("i32", "kc")];
    const [ic, mc] = [c.local("i32", "ic"), c.local("i32", "mc")];
    const [i, j] = [c.local("i32", "i"), c.local("i32", "j")];
    const [aPanel, bPanel] = [c.local("i32", "aPanel"), c.local("i32", "bPanel")];
    const aPacked = c.local("i32", "aPacked");
    const bPacked = c.local("i32", "bPacked");
    const panelBytes = c.local("i32", "panelBytes");
    const mode = c.local("i32", "blockMode");
    const atMost4 = (limit: Local, start: Local) => {
      const rest = c.local("i32");
      c.get(limit).get(start).op("i32.sub").tee(rest).i32(4).get(rest).i32(4).op("i32.lt_s").op("select");
    };
    c.get(p.scratch).i32(TILE_BYTES).op("i32.add").set(bPacked);

    c.countedLoop(jc, p.n, COLUMNS, () => {
      blockLength(c, nc, p.n, jc, COLUMNS);
      c.i32(0).set(pc);
      c.countedLoop(pc, p.k, DEPTH, () => {
        blockLength(c, kc, p.k, pc, DEPTH);
        c.get(kc).i32(5).op("i32.shl").set(panelBytes);
        address(c, p.b, pc, p.bRow).get(jc).get(p.bColumn).op("i32.mul").op("i32.add");
        c.get(p.bColumn).get(p.bRow).get(nc).get(kc).get(bPacked).call(link(pack));
        c.get(nc).i32(3).op("i32.add").i32(2).op("i32.shr_u").get(panelBytes).op("i32.mul");
        c.get(bPacked).op("i32.add").set(aPacked);
        c.get(p.mode).i32(3).op("i32.and").tee(mode).op("i32.eqz");
        c.if(() => {
          c.get(pc).i32(0).op("i32.ne").set(mode);
        });
        c.i32(0).set(ic);
        c.countedLoop(ic, p.m, ROWS, () => {
          blockLength(c, mc, p.m, ic, ROWS);
          address(c, p.a, ic, p.aRow).get(pc).get(p.aColumn).op("i32.mul").op("i32.add");
          c.get(p.aRow).get(p.aColumn).get(mc).get(kc).get(aPacked).call(link(pack));
          c.i32(0).set(j).get(bPacked).set(bPanel);
          c.countedLoop(j, nc, 4, () => {
            c.i32(0).set(i).get(aPacked).set(aPanel);
            c.countedLoop(i, mc, 4, () => {
              c.get(p.mode).i32(LOWER).op("i32.and");
              c.get(ic).get(i).op("i32.add").i32(3).op("i32.add").get(jc).get(j).op("i32.add").op("i32.lt_s");
              c.op("i32.and").op("i32.eqz");
              c.if(() => {
                c.get(aPanel).get(bPanel);
                c.get(ic).get(i).op("i32.add").get(p.cRow).op("i32.mul").get(p.c).op("i32.add");
                c.get(jc).get(j).op("i32.add").i32(3).op("i32.shl").op("i32.add");
                c.get(p.cRow).get(kc).get(mode);
                atMost4(mc, i);
                atMost4(nc, j);
                c.get(p.scratch).call(link(tile));
              });
              advance(c, aPanel, panelBytes);
            });
            advance(c, bPanel, panelBytes);
          });
        });
      });
    });
  },
);

/**
 * `gemm(a, b, c, m, k, n, scratch)`: C = A·B for A m×k, B k×n: packed when that pays; otherwise every row of C is a matrix–vector
 * product. Scratch: {@link scratchDoubles}.
 */
export const gemm: Kernel = kernel(
  "gemm",
  ["a", "b", "c", "m", "k", "n", "scratch"],
  (c, p, link) => {
    const i = c.local("i32", "i");
    const pushBytes = (n: Local) => c.get(n).i32(3).op("i32.shl");
    /** Pushes the address of row `i` of a matrix with rows of `width` doubles. */
    const pushRow = (base: Local, width: Local) =>
      c.get(base).get(i).get(width).op("i32.mul").i32(3).op("i32.shl").op("i32.add");
    for (const extent of [p.m, p.k, p.n]) c.get(extent).i32(PACKED_EXTENT).op("i32.ge_s");
    for (const extent of [p.m, p.k, p.n]) c.get(extent).op("f64.convert_i32_s");
    c.op("f64.mul").op("f64.mul").f64(PACKED_WORK).op("f64.ge").op("i32.and").op("i32.and").op("i32.and");
    c.if(
      () => {
        c.get(p.a);
        pushBytes(p.k).i32(8).get(p.b);
        pushBytes(p.n).i32(8).get(p.c);
        pushBytes(p.n).get(p.m).get(p.k).get(p.n).i32(ASSIGN).get(p.scratch).call(link(gemmStrided));
      },
      () => {
        c.countedLoop(i, p.m, 1, () => {
          c.get(p.b);
          pushBytes(p.n);
          pushRow(p.a, p.k).i32(8);
          pushRow(p.c, p.n).get(p.k).get(p.n).f64(1).call(link(combineRows));
        });
      },
    );
  },
  ([m, k, n]) => scratchDoubles(m!, k!, n!),
);
