/** Timing of short functions. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!;

export const geometricMean = (xs: readonly number[]): number =>
  Math.exp(xs.reduce((sum, x) => sum + Math.log(x), 0) / xs.length);

/**
 * Microseconds per call: at least 1000 calls and 60 ms of warm-up, an idle gap in which the optimising compiler catches
 * up, then the median of 15 blocks of 20 ms or more.
 *
 * @param loop - makes `calls` calls
 */
export async function microseconds(loop: (calls: number) => number): Promise<number> {
  const milliseconds = (calls: number): number => {
    const started = performance.now();
    loop(calls);
    return performance.now() - started;
  };
  for (let spent = 0; spent < 60; ) spent += milliseconds(1000);
  await sleep(30);
  loop(1000);
  await sleep(5);
  let calls = 1000;
  for (let taken = milliseconds(calls); taken < 22; taken = milliseconds(calls)) {
    calls = Math.ceil(calls * Math.max(1.3, 25 / Math.max(taken, 0.5)));
  }
  return median(Array.from({ length: 15 }, () => (1000 * milliseconds(calls)) / calls));
}

/** Runs the garbage collector, whatever the flags Node was started with. */
export const collectGarbage: () => void = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();

/** Bytes of heap that a call takes, garbage included: the least of three, since the compiler of the engine takes some too. */
export function bytesPerCall(loop: (calls: number) => number, calls = 100_000): number {
  const growth = (n: number): number => {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    loop(n);
    return process.memoryUsage().heapUsed - before;
  };
  growth(0);
  const least = Math.min(...[0, 1, 2].map(() => growth(calls) - growth(0)));
  return Math.max(0, least / calls);
}
