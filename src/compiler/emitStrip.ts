/** A strip as WebAssembly: a loop over chunks of rows with the loops and calls of its steps inside. */
import type { Chunk } from "./chunk.ts";
import { type NestEmitter, nestEmitter } from "./emitNest.ts";
import type { Environment } from "./nestFrame.ts";
import { type NestPlan, planNest } from "./nestPlan.ts";
import type { Call, Strip } from "./steps.ts";

const nothing = (): void => {};

/** How the nests of a strip are walked; undefined for its calls. */
export const planStrip = ({ steps, chunk }: Strip): (NestPlan | undefined)[] =>
  steps.map((step) => (step.kind === "nest" ? planNest(step, chunk) : undefined));

/** Emits a strip; sums go on from chunk to chunk. `call` emits a call on the rows of a chunk. */
export function emitStrip(
  strip: Strip,
  plans: readonly (NestPlan | undefined)[],
  env: Environment,
  call: (step: Call, chunk: Chunk) => void,
): void {
  const { code } = env;
  const { rows } = strip;
  const lastRows = rows - (Math.ceil(rows / strip.chunk) - 1) * strip.chunk;
  const chunk: Chunk = { strip, lastRows, first: env.take("i32"), isLast: env.take("i32") };
  const emitters = strip.steps.map((step, i): NestEmitter => {
    if (step.kind === "nest") return nestEmitter(step, plans[i]!, env, chunk);
    return { begin: nothing, run: () => call(step, chunk), end: nothing };
  });
  for (const { begin } of emitters) begin();
  code.i32(0).set(chunk.first);
  code.loop(() => {
    code
      .get(chunk.first)
      .i32(rows - strip.chunk)
      .op("i32.ge_s")
      .set(chunk.isLast);
    for (const { run } of emitters) run();
    code.get(chunk.first).i32(strip.chunk).op("i32.add").tee(chunk.first).i32(rows).op("i32.lt_s").brIf(0);
  });
  for (const { end } of emitters) end();
  env.release([chunk.first, chunk.isLast]);
}
