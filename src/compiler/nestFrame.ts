/** A loop nest that is being written: what it does, how it is walked, and the locals it holds. */
import type { Local, ValueType } from "../wasm/assembler.ts";
import type { Chunk } from "./chunk.ts";
import type { LaneEnvironment } from "./emitLane.ts";
import type { Lane } from "./lanes.ts";
import type { NestPlan } from "./nestPlan.ts";
import type { Register } from "./registers.ts";
import type { Nest } from "./steps.ts";

/** Addresses and locals of the function that is being written. */
export interface Environment extends LaneEnvironment {
  readonly address: (buffer: number) => number;
  /** The registers of a temporary that is not in memory. */
  readonly register: (buffer: number) => Register | undefined;
  /** The contents of a constant. */
  readonly data: (buffer: number) => Float64Array | undefined;
  /** Gives locals of `take` back. */
  readonly release: (locals: readonly Local[]) => void;
}

/** The environment of one nest; locals that are taken here are held to the end of the scope. */
export interface NestFrame extends Environment {
  readonly nest: Nest;
  readonly plan: NestPlan;
  /** The rows that the nest runs on, if not all. */
  readonly chunk: Chunk | undefined;
  /** Runs `body` and releases the locals it took. */
  readonly scope: (body: () => void) => void;
  /** Releases what is held. */
  readonly close: () => void;
}

export function openFrame(nest: Nest, plan: NestPlan, env: Environment, chunk?: Chunk): NestFrame {
  const held: Local[] = [];
  const take = (type: ValueType): Local => {
    const local = env.take(type);
    held.push(local);
    return local;
  };
  const scope = (body: () => void): void => {
    const before = held.length;
    body();
    env.release(held.splice(before));
  };
  return { ...env, nest, plan, chunk, take, scope, close: () => env.release(held) };
}

/**
 * One instance of the body: the pair of elements it works on, counted from where the pointers are, or an odd last element with
 * one lane in use; and the values it has computed.
 */
export interface Instance {
  readonly position: number;
  readonly isTail: boolean;
  readonly known: Map<Lane, Local>;
}
