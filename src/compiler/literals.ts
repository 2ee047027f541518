/** Numbers and lookup tables of formulas, and where they lie among the constants of a program. */
import { tableRoom } from "../wasm/algebra.ts";

/**
 * Numbers of formulas, kept in memory: loading one into both lanes is a single operation, while the engine builds a vector
 * constant from three or four. Zero is the exception.
 */
export class Literals {
  readonly #places: Map<number | "-0", number> = new Map();
  readonly values: number[] = [];

  add(x: number): void {
    const key = literalKey(x);
    if (this.#places.has(key)) return;
    this.#places.set(key, this.values.length);
    this.values.push(x);
  }
  offset(x: number): number {
    return this.#places.get(literalKey(x))! * 8;
  }
}
/** A key under which the two zeros are told apart. */
const literalKey = (x: number): number | "-0" => (Object.is(x, -0) ? "-0" : x);

/** Where lookup tables lie, in the order they were met. */
export class Tables {
  readonly #offsets: Map<Float64Array, number> = new Map();
  bytes = 0;

  add(table: Float64Array): void {
    if (this.#offsets.has(table)) return;
    this.#offsets.set(table, this.bytes);
    this.bytes += tableRoom(table.length) * 8;
  }
  offset(table: Float64Array): number {
    return this.#offsets.get(table)!;
  }
  packed(): Float64Array {
    const out = new Float64Array(this.bytes / 8);
    for (const [table, offset] of this.#offsets) out.set(table, offset / 8);
    return out;
  }
}
