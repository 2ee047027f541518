/** A strip as WebAssembly: a loop over chunks of rows with the loops and calls of its steps inside. */
import type { Chunk } from "./chunk.ts";
import { type Environment, NestEmitter } from "./emitNest.ts";
import { planNest } from "./nestPlan.ts";
import type { Call, Strip } from "./steps.ts";

/** Emits a strip; sums go on from chunk to chunk. `call` emits a call on the rows of a chunk. */
export function emitStrip(strip: Strip, env: Environment, call: (step: Call, chunk: Chunk) => void): void {
  const { code } = env;
  const { rows, steps } = strip;
  const lastRows = rows - (Math.ceil(rows / strip.chunk) - 1) * strip.chunk;
  const chunk: Chunk = { strip, lastRows, first: env.take("i32"), isLast: env.take("i32") };
  const emitters = steps.map((step) =>
    step.kind === "nest" ? new NestEmitter(step, planNest(step, strip.chunk), env, chunk) : step,
  );
  for (const emitter of emitters) if (emitter instanceof NestEmitter) emitter.begin();
  code.i32(0).set(chunk.first);
  code.loop(() => {
    code
      .get(chunk.first)
      .i32(rows - strip.chunk)
      .op("i32.ge_s")
      .set(chunk.isLast);
    for (const emitter of emitters) {
      if (emitter instanceof NestEmitter) emitter.run();
      else call(emitter, chunk);
    }
    code.get(chunk.first).i32(strip.chunk).op("i32.add").tee(chunk.first).i32(rows).op("i32.lt_s").brIf(0);
  });
  for (const emitter of emitters) if (emitter instanceof NestEmitter) emitter.end();
  env.release([chunk.first, chunk.isLast]);
}
