/** Elimination of a positive definite matrix that is small enough for the first cache. */
import type { Local } from "../assembler.ts";
import { advance, type Kernel, kernel } from "./kernel.ts";
import { loadStrip, offsets, storeStrip, strips } from "./strips.ts";

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
export const eliminate: Kernel = kernel("eliminate", ["e", "row", "n", "m"], (c, p) => {
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
  const [low, high] = [c.local("v128", "low"), c.local("v128", "high")];
  const two = c.local("v128", "two");
  c.f64x2(2).set(two).v128(pairOf(1, 0)).set(low).v128(pairOf(0, 1)).set(high);
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
    c.get(factor).get(low).op("f64x2.mul").get(high).op("f64x2.sub").set(begun);
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
      c.get(weights[0]!).get(low).op("f64x2.mul").op("f64x2.sub").store("v128.store", 0);
    });
    c.get(k).op("f64.convert_i32_s").op("f64x2.splat").set(place).get(high).set(lanes);
    eachStrip([1, 0], (vectors) => {
      c.get(lanes).get(place).op("f64x2.lt").get(lanes).get(end).op("f64x2.ge").op("v128.or").set(kept);
      c.get(lanes).get(two).op("f64x2.add").set(lanes);
      [at, next].forEach((row, r) => {
        c.get(row).get(row);
        loadStrip(c, vectors, 0).get(scales[r]!).op("f64x2.mul").get(kept).op("v128.and");
        storeStrip(c, vectors, 0);
      });
    });
    c.get(diagonal).get(scales[0]!).get(low).op("f64x2.mul").store("v128.store", 0);
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
