/** What this environment has of threads. */
import { nodeModule } from "./nodeModules.ts";

/** Whether this environment can start workers. */
export function canStartWorkers(): boolean {
  return nodeModule("worker_threads") !== undefined || typeof globalThis.Worker === "function";
}

/** How many threads can do useful work at once. */
export function availableParallelism(): number {
  const cores = nodeModule("os")?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency;
  return Math.max(1, cores ?? 1);
}
