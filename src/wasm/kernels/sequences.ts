/** Running sums and copies. */
import { advance, type Kernel, kernel } from "./kernel.ts";

function cumulative(name: string, reverse: boolean): Kernel {
  return kernel(name, ["a", "y", "rows", "n"], (c, p) => {
    const row = c.local("i32", "row");
    const i = c.local("i32", "i");
    const bytes = c.local("i32", "bytes");
    const sum = c.local("f64", "sum");
    c.get(p.n).i32(3).op("i32.shl").set(bytes);
    const step = reverse ? -8 : 8;
    if (reverse) {
      for (const end of [p.a, p.y])
        c.get(end).get(bytes).get(p.rows).op("i32.mul").op("i32.add").i32(8).op("i32.sub").set(end);
    }
    c.countedLoop(row, p.rows, 1, () => {
      c.f64(0).set(sum).i32(0).set(i);
      c.countedLoop(i, p.n, 1, () => {
        c.get(p.y).get(sum).get(p.a).load("f64.load", 0).op("f64.add").tee(sum).store("f64.store", 0);
        advance(c, p.a, step);
        advance(c, p.y, step);
      });
    });
  });
}

/** `cumsum(a, y, rows, n)`: running sums along the last axis, added in order. `y` may equal `a`. */
export const cumsum: Kernel = cumulative("cumsum", false);

/** `cumsumReverse(a, y, rows, n)`: sums of each element and all after it in its row (the adjoint of {@link cumsum}). `y` may equal `a`. */
export const cumsumReverse: Kernel = cumulative("cumsumReverse", true);

/** `copy(a, y, n)`: n doubles; the ranges may overlap. */
export const copy: Kernel = kernel("copy", ["a", "y", "n"], (c, p) => {
  c.get(p.y).get(p.a).get(p.n).i32(3).op("i32.shl").op("memory.copy");
});

/** `fill(value, y, n)`: n copies of the double at address `value`, which may be in `y`. */
export const fill: Kernel = kernel("fill", ["value", "y", "n"], (c, p) => {
  const x = c.local("v128", "x");
  const i = c.local("i32", "i");
  const n1 = c.local("i32", "n1");
  c.get(p.value).load("v128.load64_splat", 0).set(x).get(p.n).i32(1).op("i32.sub").set(n1);
  c.countedLoop(i, n1, 2, () => {
    c.get(p.y).get(x).store("v128.store", 0);
    advance(c, p.y, 16);
  });
  c.get(p.n).i32(1).op("i32.and");
  c.if(() => {
    c.get(p.y).get(x).op("f64x2.extract_lane", 0).store("f64.store", 0);
  });
});
