/** Running the chains of a job, here or in workers. */
import type { ChainResult } from "../mcmc/chain.ts";
import { chainSettings } from "../mcmc/settings.ts";
import { sliceStats } from "../mcmc/stats.ts";
import { isLive } from "./density.ts";
import { interleave } from "./interleave.ts";
import type { Job, Observer, Progress, Strategy } from "./job.ts";
import { availableParallelism, canStartWorkers } from "./threads.ts";

export interface RunOptions {
  /**
   * "inProcess" runs the chains in turns in this thread, "workers" in worker threads or Web Workers. The default "auto" starts in this
   * thread and moves to workers when more than a fraction of a second is left. All give the same draws.
   */
  readonly strategy?: "auto" | "inProcess" | "workers";
  /** Default: as many as there are chains, at most as many as the machine has processors. */
  readonly workers?: number;
  /** Told about every chain at most ten times a second, and at every change of phase. */
  readonly onProgress?: (progress: Progress) => void;
  /** Aborting ends the run early; what was drawn is kept. */
  readonly signal?: AbortSignal;
}

export interface RunResult {
  /** In the order of the job's chains, with equally many draws each. */
  readonly chains: readonly ChainResult[];
  /** Draws per chain. */
  readonly count: number;
  /** Whether the run was ended early: chains without a draw are then left out, the others cut to the shortest. */
  readonly aborted: boolean;
}

/** How long "auto" samples in this thread before it considers workers, in milliseconds. */
const TRIAL = 250;

/**
 * Runs the chains of a job. The draws depend on the job alone, not on the strategy or the number of workers.
 *
 * @throws ChainError with the number of the chain that failed; the signal's reason when aborted before any draw.
 * @example
 * const { chains } = await runChains({ density: program, settings: { draws: 500 }, seed: 0, chains: [0, 1, 2, 3] });
 */
export async function runChains(job: Job, options: RunOptions = {}): Promise<RunResult> {
  const settings = chainSettings(job.settings, "runChains");
  const { signal, onProgress = () => {} } = options;
  let failed = false;
  let thrown: { readonly error: unknown } | undefined;
  const observer: Observer = {
    // Called from wherever a message arrives: what the listener throws ends the run and rejects it.
    onProgress: (progress) => {
      try {
        onProgress(progress);
      } catch (error) {
        thrown ??= { error };
      }
    },
    stopped: () => failed || thrown !== undefined || signal?.aborted === true,
  };
  const strategy = chooseStrategy(job, options);
  const results = await strategy(job, observer).catch((error) => {
    failed = true;
    throw error;
  });
  if (thrown) throw (thrown as { readonly error: unknown }).error;
  const ordered = job.chains.flatMap((id) => results.find(({ chain }) => chain === id) ?? []);
  const aborted = ordered.length < job.chains.length || ordered.some(({ count }) => count < settings.draws);
  if (!aborted) return { chains: ordered, count: settings.draws, aborted };
  const begun = ordered.filter(({ count }) => count > 0);
  if (begun.length === 0) throw signal?.reason ?? new Error("The run ended before any draw.");
  const count = Math.min(...begun.map((result) => result.count));
  return { chains: begun.map((result) => shorten(result, count)), count, aborted };
}

function chooseStrategy(job: Job, { strategy = "auto", workers }: RunOptions): Strategy {
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1)) {
    throw new Error(`runChains: \`workers\` must be a whole number, 1 or more, got ${workers}.`);
  }
  const live = isLive(job.density);
  if (live && strategy === "workers") {
    throw new Error(
      "runChains: a live density cannot be sent to workers; give a compiled program, or leave `strategy` out.",
    );
  }
  const threads = Math.min(workers ?? availableParallelism(), job.chains.length);
  if (live || strategy === "inProcess" || job.chains.length === 0 || !canStartWorkers()) return inProcess;
  if (strategy === "workers") return inWorkers(threads);
  return threads === 1 ? inProcess : trialThenWorkers(threads);
}

/** All chains in this thread. */
const inProcess: Strategy = async (job, observer) => (await interleave(job, observer)) ?? [];

/** Chain i goes to worker i modulo `threads`. */
function inWorkers(threads: number): Strategy {
  return async (job, observer) => {
    const { runInWorker } = await import("../onDemand.ts");
    let failed = false;
    const watched: Observer = { ...observer, stopped: () => failed || observer.stopped() };
    const shares = Array.from({ length: threads }, (_, w) => job.chains.filter((_, i) => i % threads === w));
    const runs = shares.map((chains) =>
      runInWorker({ ...job, chains }, watched).catch((error) => {
        failed = true;
        throw error;
      }),
    );
    const settled = await Promise.allSettled(runs);
    const failure = settled.find((run) => run.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    return settled.flatMap((run) => (run.status === "fulfilled" ? run.value : []));
  };
}

/**
 * Small models are done before a worker has started. The work of the trial is repeated for the others; so is everything in this thread
 * where workers cannot be loaded, as under a strict content security policy.
 */
function trialThenWorkers(threads: number): Strategy {
  return async (job, observer) => {
    const results = await interleave(job, observer, { trial: TRIAL });
    if (results !== undefined) return results;
    const { WorkerError } = await import("../onDemand.ts");
    return inWorkers(threads)(job, observer).catch((error) => {
      if (error instanceof WorkerError && !error.started) return inProcess(job, observer);
      throw error;
    });
  };
}

function shorten(result: ChainResult, count: number): ChainResult {
  if (result.count === count) return result;
  return {
    ...result,
    count,
    draws: result.draws.slice(0, count * result.dim),
    stats: sliceStats(result.stats, count),
  };
}
