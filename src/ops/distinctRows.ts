/** Which rows of data are equal, on plain arrays. */

/** Row i of a column is `data[start + i · step]`. */
export interface Column {
  readonly data: ArrayLike<number>;
  readonly start: number;
  readonly step: number;
}
/** An element of a column. */
export const at = ({ data, start, step }: Column, i: number): number => data[start + i * step]!;

/** Rows of equal numbers: the class of each row, and the first row of each class. */
export interface Classes {
  readonly of: Int32Array;
  readonly first: readonly number[];
}

/** An array as a column. */
export const whole = (data: ArrayLike<number>): Column => ({ data, start: 0, step: 1 });

/** Rows from which a long table is judged before all of it is read. */
const sample = 1000;

/** The classes of the rows of some columns; undefined when there are, or seem to be, more than `limit`. */
export function distinctRows(columns: readonly Column[], rows: number, limit: number): Classes | undefined {
  if (rows > 8 * sample) {
    // Rows far apart; if no two of so many are equal, few of all are.
    const some = Array.from({ length: sample }, (_, i) => (i * 7919) % rows);
    const found = classify(
      columns.map((x) => whole(some.map((i) => at(x, i)))),
      sample,
      sample - 1,
    );
    if (!found) return undefined;
  }
  return classify(columns, rows, limit);
}

function classify(columns: readonly Column[], rows: number, limit: number): Classes | undefined {
  let classes: Classes | undefined = { of: new Int32Array(rows), first: [0] };
  for (const column of columns) classes = classes && refine(classes, column, limit);
  return classes;
}

/** Classes within which another column is equal too; undefined when there are more than `limit`. */
export function refine({ of, first }: Classes, column: Column, limit: number): Classes | undefined {
  const numbers = new Map<number, number>();
  const pairs = new Map<number, number>();
  const split = { of: new Int32Array(of.length), first: [] as number[] };
  for (let i = 0; i < of.length; i++) {
    const value = place(numbers, at(column, i));
    const found = place(pairs, value * first.length + of[i]!);
    if (found === split.first.length) split.first.push(i);
    if (found >= limit) return undefined;
    split.of[i] = found;
  }
  return split;
}

/** The number of a key in the order in which keys were first seen. */
function place(known: Map<number, number>, key: number): number {
  const found = known.get(key);
  if (found !== undefined) return found;
  known.set(key, known.size);
  return known.size - 1;
}
