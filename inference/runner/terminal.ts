/** Where progress can be seen. */
import type { Progress } from "./job.ts";

/** Where a bar is drawn: standard error in Node, or anything that looks like it. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressBar {
  update(progress: Progress): void;
  /** Draws the last state. */
  close(): void;
}

interface NodeProcess {
  readonly stderr?: Terminal;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const silent: ProgressBar = { update() {}, close() {} };

/** The terminal that bars are drawn on, Node's own unless given; undefined when it is none, or in continuous integration. */
export function terminalOf(given?: Terminal): Terminal | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  const out = given ?? process?.stderr;
  return !out?.isTTY || (given === undefined && process?.env?.CI) ? undefined : out;
}
