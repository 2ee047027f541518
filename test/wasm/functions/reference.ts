import { readFileSync } from "node:fs";
import * as numbers from "../../../src/wasm/numberFunctions.ts";

/** Arguments and the correctly rounded value of a function, at 50 to 400 digits (mpmath). */
export interface ReferencePoint {
  readonly args: readonly number[];
  readonly value: number;
}

const url = new URL("../../fixtures/elementary.json", import.meta.url);
const rows = JSON.parse(readFileSync(url, "utf8")) as Record<string, string[][]>;

/** The reference points of every function of the fixture, by its name in numberFunctions.ts. */
export const reference: ReadonlyMap<string, readonly ReferencePoint[]> = new Map(
  Object.entries(rows).map(([name, points]) => [
    name,
    points.map((row) => ({ args: row.slice(0, -1).map(Number), value: Number(row[row.length - 1]) })),
  ]),
);

/** The function of that name. */
export function numberFunctionNamed(name: string): (...args: number[]) => number {
  return (numbers as unknown as Record<string, (...args: number[]) => number>)[name];
}

/** The distance of `actual` from `expected` in units in the last place of `expected`. */
export function ulpError(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Number.NaN;
  return Math.abs(actual - expected) / ulp(expected);
}

function ulp(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigInt64(0);
  view.setBigInt64(0, bits + 1n);
  const above = view.getFloat64(0);
  if (Number.isFinite(above)) return above - Math.abs(x);
  view.setBigInt64(0, bits - 1n);
  return Math.abs(x) - view.getFloat64(0);
}
