/** What the code of a strip knows of the chunk that is worked on. */
import type { Code, Local } from "../wasm/assembler.ts";
import type { Strip } from "./steps.ts";

export interface Chunk {
  readonly strip: Strip;
  /** Rows of the last chunk. */
  readonly lastRows: number;
  /** Number of the first row, and whether the chunk is the last. */
  readonly first: Local;
  readonly isLast: Local;
}

/** Pushes a number of turns, which the last chunk may have fewer of. */
export function pushTimes(code: Code, chunk: Chunk | undefined, turns: number, lastTurns: number): void {
  code.i32(lastTurns);
  if (turns !== lastTurns) code.i32(turns).get(chunk!.isLast).op("select");
}
