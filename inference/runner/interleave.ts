/** Chains in turns in one thread. */
import { type Chain, type ChainResult, startChain } from "../mcmc/chain.ts";
import { densityOf } from "./density.ts";
import { ChainError, type Job, type Observer } from "./job.ts";
import { pause } from "./pause.ts";

/** How long chains run between turns of the event loop, and how often progress is told, in milliseconds. */
const SLICE = 20;
const REPORT = 100;

export interface InterleaveOptions {
  /** Gives up after this many milliseconds if more than as much again seems to be left. Default: never. */
  readonly trial?: number;
}

/**
 * Runs the chains of a job in this thread, in turns, with pauses for the event loop, so that an interrupted run has draws of all
 * of them. Resolves to undefined when a trial was given up.
 *
 * @throws ChainError
 */
export async function interleave(
  job: Job,
  observer: Observer,
  { trial = Infinity }: InterleaveOptions = {},
): Promise<ChainResult[] | undefined> {
  const density = await densityOf(job.density);
  const begin = performance.now();
  const chains: Chain[] = [];
  for (const id of job.chains) {
    try {
      chains.push(startChain(density, job.settings, job.seed, id));
    } catch (error) {
      throw new ChainError(id, asError(error));
    }
    if (isHopeless(chains, performance.now() - begin, trial)) return undefined;
    await pause();
    if (observer.stopped()) break;
  }
  const reported = new Map<Chain, { time: number; phase: string }>();

  function report(chain: Chain): void {
    const now = performance.now();
    const last = reported.get(chain);
    if (last !== undefined && last.phase === chain.phase && now - last.time < REPORT) return;
    reported.set(chain, { time: now, phase: chain.phase });
    const { id, phase, done, total, divergences, stepSize } = chain;
    observer.onProgress({ chain: id, phase, done, total, divergences, stepSize });
  }

  const runnable = new Set(chains.filter((chain) => chain.phase !== "done"));
  while (runnable.size > 0 && !observer.stopped()) {
    for (const chain of runnable) {
      advanceFor(chain, SLICE);
      if (trial === Infinity) report(chain);
      if (chain.phase === "done") runnable.delete(chain);
      if (isHopeless(chains, performance.now() - begin, trial)) return undefined;
      await pause();
      if (observer.stopped()) break;
    }
  }
  if (trial !== Infinity) for (const chain of chains) report(chain);
  return chains.map((chain) => chain.result());
}

function advanceFor(chain: Chain, milliseconds: number): void {
  const deadline = performance.now() + milliseconds;
  try {
    do chain.advance();
    while (chain.phase !== "done" && performance.now() < deadline);
  } catch (error) {
    throw new ChainError(chain.id, asError(error));
  }
}

/** Whether a trial has had its time and the rest would take longer still. */
function isHopeless(chains: readonly Chain[], elapsed: number, trial: number): boolean {
  if (elapsed < trial) return false;
  const done = chains.reduce((sum, chain) => sum + chain.done, 0);
  const total = chains.reduce((sum, chain) => sum + chain.total, 0);
  return elapsed * (total / Math.max(done, 1) - 1) > trial;
}

/** Whatever was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
