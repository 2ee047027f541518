/** Arrays addressed by a list of indices: what plain-loop references in tests are written with. */

/** Row-major numbers with a shape. */
export interface Grid {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Every index of a shape, row-major. */
export function* indicesOf(shape: readonly number[]): Generator<number[]> {
  const size = sizeOf(shape);
  for (let i = 0; i < size; i++) {
    const index = new Array<number>(shape.length);
    let rest = i;
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d] = rest % shape[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
    yield index;
  }
}

/** The element at an index; indices beyond the rank are matched from the right and dimensions of 1 are stretched. */
export function at(x: Grid, index: readonly number[]): number {
  const lead = index.length - x.shape.length;
  let offset = 0;
  x.shape.forEach((n, d) => {
    offset = offset * n + (n === 1 ? 0 : index[d + lead]!);
  });
  return x.data[offset]!;
}

/** The grid whose element at each index is `f(index)`. */
export const tabulate = (shape: readonly number[], f: (index: number[]) => number): Grid => ({
  shape,
  data: Float64Array.from(indicesOf(shape), f),
});

/** A small generator of uniform numbers (mulberry32), so that a test case is one seed. */
export function uniforms(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Values that arithmetic treats apart. */
export const specialValues: readonly number[] = [
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  Number.NaN,
  Number.MIN_VALUE,
  -3e-310,
  2.2250738585072014e-308,
  Number.MAX_VALUE,
  -1e300,
  1e-200,
  0.5,
  2 ** 53,
  -(2 ** 31),
];

/** Whether two numbers have the same bits, all NaNs being one. */
export const sameBits = (a: number, b: number): boolean => Object.is(a, b);
