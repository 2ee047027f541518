/** Jobs of chains, as plain data. */
import type { Key } from "../../src/random/key.ts";
import type { ChainResult, Phase } from "../mcmc/chain.ts";
import type { Density } from "../mcmc/density.ts";
import type { ChainSettings } from "../mcmc/settings.ts";
import type { DensitySource } from "./density.ts";

/** Chains to run. Plain data, which can be sent to a worker or written to a file, unless the density is a live object. */
export interface Job {
  /** A live density (an interpreted model, say) runs in this thread only. */
  readonly density: DensitySource | Density;
  readonly settings: Partial<ChainSettings>;
  readonly seed: number | string | Key;
  /** Ids of the chains. Chain i of a seed is always the same. */
  readonly chains: readonly number[];
}

/** Where a chain is. */
export interface Progress {
  readonly chain: number;
  readonly phase: Phase;
  /** Transitions so far and in all, warm-up included. */
  readonly done: number;
  readonly total: number;
  /** Diverging transitions after warm-up. */
  readonly divergences: number;
  readonly stepSize: number;
}

/** What whoever runs a job listens to and reports to. */
export interface Observer {
  readonly onProgress: (progress: Progress) => void;
  /** Whether to stop and hand over what was drawn. */
  readonly stopped: () => boolean;
}

/** A way to run the chains of a job. Every strategy gives the same draws, bit for bit. */
export type Strategy = (job: Job, observer: Observer) => Promise<ChainResult[]>;

/** An error of one chain, with the chain's number in the message and the original as its cause. */
export class ChainError extends Error {
  readonly chain: number;
  constructor(chain: number, cause: { readonly message: string; readonly stack?: string | undefined }) {
    super(`Chain ${chain}: ${cause.message}`, { cause });
    this.name = "ChainError";
    this.chain = chain;
    if (cause.stack !== undefined) this.stack = `ChainError: Chain ${chain}: ${cause.stack}`;
  }
}
