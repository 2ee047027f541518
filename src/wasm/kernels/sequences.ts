/** Running sums. */
import { advance, type Kernel, kernel } from "./kernel.ts";

/** `cumsum(a, y, rows, n)`: running sums along the last axis, added in order. `y` may equal `a`. */
export const cumsum: Kernel = kernel("cumsum", ["a", "y", "rows", "n"], (c, p) => {
  const row = c.local("i32", "row");
  const i = c.local("i32", "i");
  const bytes = c.local("i32", "bytes");
  const sum = c.local("f64", "sum");
  c.get(p.n).i32(3).op("i32.shl").set(bytes);
  c.countedLoop(row, p.rows, 1, () => {
    c.f64(0).set(sum).i32(0).set(i);
    c.countedLoop(i, p.n, 1, () => {
      c.get(p.y).get(sum).get(p.a).load("f64.load", 0).op("f64.add").tee(sum).store("f64.store", 0);
      advance(c, p.a, 8);
      advance(c, p.y, 8);
    });
  });
});
