/** A loop nest as WebAssembly: addresses, values, sums and body, put together by a walk through the loops. */
import type { Chunk } from "./chunk.ts";
import { NestAddresses } from "./nestAddresses.ts";
import { NestBody } from "./nestBody.ts";
import { type Environment, openFrame } from "./nestFrame.ts";
import type { NestPlan } from "./nestPlan.ts";
import { NestSums } from "./nestSums.ts";
import { NestValues } from "./nestValues.ts";
import { NestWalk } from "./nestWalk.ts";
import type { Nest } from "./steps.ts";

/** Writes a nest in three parts, so that sums go on while the loops run several times, over one chunk after the other. */
export interface NestEmitter {
  /** Sets the sums to nothing. */
  readonly begin: () => void;
  /** The loops, over all rows or those of the chunk. */
  readonly run: () => void;
  /** Stores the sums. */
  readonly end: () => void;
}

export function nestEmitter(nest: Nest, plan: NestPlan, env: Environment, chunk?: Chunk): NestEmitter {
  const frame = openFrame(nest, plan, env, chunk);
  const addresses = new NestAddresses(frame);
  const values = new NestValues(frame, addresses);
  const sums = new NestSums(frame, addresses);
  const walk = new NestWalk(frame, addresses, values, sums, new NestBody(frame, addresses, values, sums));
  return {
    begin: () => sums.open(),
    run: () => walk.emit(),
    end: () => {
      sums.close();
      frame.close();
    },
  };
}

/** Writes a nest over all its rows. */
export function emitNest(nest: Nest, plan: NestPlan, env: Environment): void {
  const { begin, run, end } = nestEmitter(nest, plan, env);
  begin();
  run();
  end();
}
