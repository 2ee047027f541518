/** How tall constant matrices lie in memory: in blocks of eight rows, column by column inside a block, the last filled up with zeros. */

/** Rows of a block. */
export const blockRows = 8;

/** The numbers of an m × n matrix in blocks. */
export function blocked(m: number, n: number, at: (i: number, j: number) => number): Float64Array {
  const out = new Float64Array(Math.ceil(m / blockRows) * blockRows * n);
  for (let i = 0; i < m; i++) {
    const base = (i - (i % blockRows)) * n + (i % blockRows);
    for (let j = 0; j < n; j++) out[base + j * blockRows] = at(i, j);
  }
  return out;
}
