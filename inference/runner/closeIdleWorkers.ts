/** Ending workers that have nothing to do. */
import { idle } from "./workerPool.ts";

/** Ends the workers that wait for jobs. They do not keep a process alive, so this is only for tidiness and tests. */
export function closeIdleWorkers(): void {
  for (const worker of idle.splice(0)) worker.terminate();
}
