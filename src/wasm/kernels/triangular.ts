/** Triangular solves. */
import type { Code, Local } from "../assembler.ts";
import { gemmStrided, packedDoubles, SUBTRACT } from "./gemm.ts";
import { address, advance, blockLength, type Kernel, kernel } from "./kernel.ts";
import { solveColumns, solveRows } from "./products.ts";

/** Rows solved between two packed products. */
const BLOCK = 64;
/** With fewer right-hand sides than this, packing does not pay. */
const PACKED_COLUMNS = 8;

/** Doubles of scratch of the triangular solves with `m` right-hand sides; may be 0. */
export function solveScratchDoubles(n: number, m: number): number {
  return n > BLOCK && m >= PACKED_COLUMNS ? packedDoubles(BLOCK, n, m) : 0;
}

type Direction = "forward" | "backward";

/**
 * Substitution in place, X ← T⁻¹ X with X n×m, element (i, j) of T at `t + i*tRow + j*tColumn`: T lower for `forward`, upper for
 * `backward`. Rows `xRow` bytes apart. For one right-hand side the triangle is read along whichever of its directions is contiguous.
 */
function substitution(direction: Direction): Kernel {
  const forward = direction === "forward";
  const params = ["t", "tRow", "tColumn", "x", "n", "m"] as const;
  return kernel(`${direction}Substitution`, params, (c, p, link) => {
    const xRow = c.local("i32", "xRow");
    const step = c.local("i32", "step");
    const i = c.local("i32", "i");
    const diagonal = c.local("i32", "diagonal");
    const xi = c.local("i32", "xi");
    const k = c.local("i32", "k");
    const tAt = c.local("i32", "tAt");
    const xAt = c.local("i32", "xAt");
    const value = c.local("f64", "value");
    c.get(p.m).i32(3).op("i32.shl").set(xRow);
    c.get(p.tRow).get(p.tColumn).op("i32.add").set(step);

    /** Every row in order, with its diagonal element and its row of X at hand. */
    const rows = (body: () => void) => {
      c.countedLoop(i, p.n, 1, () => {
        const row = c.local("i32");
        c.get(i).set(row);
        if (!forward) c.get(p.n).i32(1).op("i32.sub").get(i).op("i32.sub").set(row);
        address(c, p.t, row, step).set(diagonal);
        address(c, p.x, row, xRow).set(xi);
        body();
      });
    };
    /** Push the first element of T left of (forward) or right of (backward) the diagonal, and the first row of X it meets. */
    const pushOperands = (order: () => void) => {
      if (forward) c.get(diagonal).get(i).get(p.tColumn).op("i32.mul").op("i32.sub").set(tAt).get(p.x).set(xAt);
      else c.get(diagonal).get(p.tColumn).op("i32.add").set(tAt).get(xi).get(xRow).op("i32.add").set(xAt);
      order();
    };
    const pushDiagonal = () => c.get(diagonal).load("f64.load", 0);

    c.get(p.m).i32(1).op("i32.ne");

    c.if(
      () => {
        rows(() => {
          pushOperands(() => c.get(xAt).get(xRow).get(tAt).get(p.tColumn).get(xi).get(i).get(p.m));
          pushDiagonal().call(link(solveColumns));
        });
      },
      () => {
        c.get(p.tColumn).i32(8).op("i32.eq");
        c.if(
          () => {
            rows(() => {
              pushOperands(() => c.get(tAt).get(p.tRow).get(xAt).get(xi).i32(8).i32(1).get(i));
              pushDiagonal().call(link(solveRows));
            });
          },
          () => {
            rows(() => {
              c.get(xi).get(xi).load("f64.load", 0);
              pushDiagonal().op("f64.div").tee(value).store("f64.store", 0);
              const rest = c.local("i32", "rest");
              c.get(p.n).i32(1).op("i32.sub").get(i).op("i32.sub").set(rest);
              // The column of T below (above) the diagonal is contiguous here.
              if (forward) c.get(diagonal).i32(8).op("i32.add").set(tAt).get(xi).i32(8).op("i32.add").set(xAt);
              else {
                c.get(diagonal).get(rest).i32(3).op("i32.shl").op("i32.sub").set(tAt).get(p.x).set(xAt);
              }
              subtractScaled(c, xAt, tAt, value, k, rest);
            });
          },
        );
      },
    );
  });
}

/** `x[k] -= t[k] * value` for k < n, both contiguous; moves the pointers. */
function subtractScaled(c: Code, x: Local, t: Local, value: Local, k: Local, n: Local): void {
  c.get(n).i32(1).op("i32.and");
  c.if(() => {
    c.get(x).get(x).load("f64.load", 0).get(t).load("f64.load", 0).get(value).op("f64.mul").op("f64.sub");
    c.store("f64.store", 0);
    advance(c, x, 8);
    advance(c, t, 8);
  });
  const pairs = c.local("i32", "pairs");
  c.get(n).i32(1).op("i32.shr_u").set(pairs).i32(0).set(k);
  c.countedLoop(k, pairs, 1, () => {
    c.get(x).get(x).load("v128.load", 0);
    c.get(t).load("v128.load", 0).get(value).op("f64x2.splat").op("f64x2.mul").op("f64x2.sub").store("v128.store", 0);
    advance(c, x, 16);
    advance(c, t, 16);
  });
}

/** Substitution by blocks of rows: the finished part is subtracted by a packed product. Same parameters and a scratch. */
function blocked(direction: Direction, small: Kernel): Kernel {
  const forward = direction === "forward";
  const params = ["t", "tRow", "tColumn", "x", "n", "m", "scratch"] as const;
  return kernel(`${direction}Blocked`, params, (c, p, link) => {
    const xRow = c.local("i32", "xRow");
    const done = c.local("i32", "done");
    const first = c.local("i32", "first");
    const height = c.local("i32", "height");
    const finished = c.local("i32", "finished");
    const corner = c.local("i32", "corner");
    c.get(p.m).i32(3).op("i32.shl").set(xRow);
    c.get(p.n).i32(BLOCK).op("i32.le_s").get(p.m).i32(PACKED_COLUMNS).op("i32.lt_s").op("i32.or");
    c.if(() => {
      c.get(p.t).get(p.tRow).get(p.tColumn).get(p.x).get(p.n).get(p.m).call(link(small)).return();
    });
    c.countedLoop(done, p.n, BLOCK, () => {
      blockLength(c, height, p.n, done, BLOCK);
      if (forward) c.get(done).set(first).i32(0).set(finished);
      else {
        c.get(p.n).get(done).op("i32.sub").tee(finished).get(height).op("i32.sub").set(first);
      }
      address(c, p.t, first, p.tRow).get(first).get(p.tColumn).op("i32.mul").op("i32.add").set(corner);
      c.get(done);
      c.if(() => {
        address(c, p.t, first, p.tRow).get(finished).get(p.tColumn).op("i32.mul").op("i32.add");
        c.get(p.tRow).get(p.tColumn);
        address(c, p.x, finished, xRow).get(xRow).i32(8);
        address(c, p.x, first, xRow).get(xRow);
        c.get(height).get(done).get(p.m).i32(SUBTRACT).get(p.scratch).call(link(gemmStrided));
      });
      c.get(corner).get(p.tRow).get(p.tColumn);
      address(c, p.x, first, xRow).get(height).get(p.m).call(link(small));
    });
  });
}

const forward = blocked("forward", substitution("forward"));
const backward = blocked("backward", substitution("backward"));

function solve(name: string, substitute: Kernel, transposed: boolean): Kernel {
  return kernel(
    name,
    ["t", "b", "x", "n", "m", "scratch"],
    (c, p, link) => {
      c.get(p.x).get(p.b).op("i32.ne");
      c.if(() => {
        c.get(p.x).get(p.b).get(p.n).get(p.m).op("i32.mul").i32(3).op("i32.shl").op("memory.copy");
      });
      c.get(p.t);
      if (transposed) c.i32(8);
      c.get(p.n).i32(3).op("i32.shl");
      if (!transposed) c.i32(8);
      c.get(p.x).get(p.n).get(p.m).get(p.scratch).call(link(substitute));
    },
    ([n, m]) => solveScratchDoubles(n!, m!),
  );
}

/**
 * `solveLower(l, b, x, n, m, scratch)`: X = L⁻¹B for lower triangular L n×n, B n×m; the other triangle is not read. `x` may equal `b`.
 * Scratch, here and below: {@link solveScratchDoubles}.
 */
export const solveLower: Kernel = solve("solveLower", forward, false);
/** `solveLowerT(l, b, x, n, m, scratch)`: X = L⁻ᵀB. */
export const solveLowerT: Kernel = solve("solveLowerT", backward, true);
