/** Progress on a terminal. */
import { drawBars } from "./bars.ts";
import { type ProgressBar, silent, type Terminal, terminalOf } from "./terminal.ts";

/**
 * One bar per chain on a terminal, redrawn in place at most ten times a second. Silent when the terminal is not one, or in continuous
 * integration (the environment variable `CI`).
 *
 * @example
 * const bar = progressBar([0, 1, 2, 3]);
 * try {
 *   await runChains(job, { onProgress: bar.update });
 * } finally {
 *   bar.close();
 * }
 */
export function progressBar(chains: readonly number[], terminal?: Terminal, now?: () => number): ProgressBar {
  const out = terminalOf(terminal);
  return out ? drawBars(chains, out, now) : silent;
}
