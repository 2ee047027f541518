/** Nested arrays of numbers: read into a node, and written as text. */
import type { DType, Node } from "../compiler/graph.ts";
import { constantNode } from "../compiler/node.ts";
import { allocate } from "../compiler/shapes.ts";
import { describe, remedy } from "./describe.ts";

export type NestedArray = readonly (number | boolean | NestedArray)[];

/** The numbers of a nested array. @throws TypeError when rows differ in length, or for things that are no numbers. */
export function nodeOfNested(x: NestedArray): Node {
  const shape: number[] = [];
  for (
    let level: unknown = x;
    Array.isArray(level) || ArrayBuffer.isView(level);
    level = (level as ArrayLike<unknown>)[0]
  ) {
    shape.push((level as unknown as ArrayLike<unknown>).length);
  }
  const flat: (number | boolean)[] = [];
  const place: number[] = [];
  const path = (d: number): string =>
    place
      .slice(0, d)
      .map((i) => `[${i}]`)
      .join("");
  const fill = (level: unknown, d: number): void => {
    const isArray = Array.isArray(level) || ArrayBuffer.isView(level);
    if (!isArray) {
      if (d !== shape.length) throw ragged(`a number at ${path(d)} where others have arrays`);
      if (typeof level !== "number" && typeof level !== "boolean") {
        throw new TypeError(
          `A tensor holds numbers or booleans, got ${describe(level)} at ${path(d) || "the top"}. ${remedy(level)}`.trimEnd(),
        );
      }
      flat.push(level);
      return;
    }
    const row = level as unknown as ArrayLike<unknown>;
    if (d === shape.length) throw ragged(`an array at ${path(d)} where others have numbers`);
    if (row.length !== shape[d]) {
      throw ragged(`length ${row.length} at ${path(d) || "the top"}, ${shape[d]} elsewhere in dimension ${d}`);
    }
    const isInnermost = d + 1 === shape.length;
    for (let i = 0; i < row.length; i++) {
      const element = row[i];
      place[d] = i;
      if (isInnermost && typeof element === "number") flat.push(element);
      else fill(element, d + 1);
    }
  };
  fill(x, 0);
  const dtype: DType = flat.length > 0 && flat.every((v) => typeof v === "boolean") ? "bool" : "float64";
  const data = allocate(dtype, flat.length);
  for (let i = 0; i < flat.length; i++) data[i] = Number(flat[i]);
  return constantNode(data, shape, dtype);
}
const ragged = (how: string): TypeError =>
  new TypeError(
    `Ragged array: ${how}. All rows need one length: pad them and mask the padding, or use a site for each.`,
  );

/** A nested array as text, with at most so many entries of each. */
export function printNested(x: NestedArray | number | boolean, most: number): string {
  if (!Array.isArray(x)) return String(x);
  const shown = x.slice(0, most).map((row) => printNested(row, most));
  return `[${shown.join(",")}${x.length > most ? ",…" : ""}]`;
}
