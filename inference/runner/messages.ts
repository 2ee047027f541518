/** What threads tell each other. */
import type { ChainResult } from "../mcmc/chain.ts";
import type { Job, Progress } from "./job.ts";

/** To a worker. */
export type Request = { readonly type: "run"; readonly job: Job } | { readonly type: "stop" };

/** From a worker. */
export type Response =
  | { readonly type: "progress"; readonly progress: Progress }
  | { readonly type: "done"; readonly results: readonly ChainResult[] }
  | {
      readonly type: "error";
      readonly chain: number | undefined;
      readonly message: string;
      readonly stack: string | undefined;
    };

/** The buffers of results, to be moved rather than copied between threads. */
export function transferables(results: readonly ChainResult[]): ArrayBuffer[] {
  const arrays = results.flatMap(({ draws, stats, initial, divergences, adapted }) => [
    draws,
    ...(Object.values(stats) as (Float64Array | Int32Array | Uint8Array)[]),
    initial,
    divergences,
    adapted.position,
    adapted.scale,
  ]);
  return [...new Set(arrays.map((array) => array.buffer as ArrayBuffer))];
}
