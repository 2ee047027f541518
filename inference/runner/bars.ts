/** Bars on a terminal. */
import type { Progress } from "./job.ts";
import type { ProgressBar, Terminal } from "./terminal.ts";

const CLEAR_LINE = "\u001b[2K";
const up = (lines: number): string => `\u001b[${lines}A`;
const INTERVAL = 100;
/** Until then, the share that is done says little about how long the rest takes. */
const TELLING_SHARE = 0.05;

/** Draws a bar for each chain on a terminal; see `progressBar`. */
export function drawBars(
  chains: readonly number[],
  out: Terminal,
  now: () => number = () => performance.now(),
): ProgressBar {
  const start = now();
  const latest = new Map<number, Progress>();
  let drawn = -Infinity;
  let lines = 0;

  function draw(): void {
    drawn = now();
    const width = out.columns || 80;
    const rows = chains.map((chain) => row(chain, latest.get(chain), drawn - start, width));
    out.write((lines > 0 ? up(lines) : "") + rows.map((text) => `${CLEAR_LINE}${text}\n`).join(""));
    lines = rows.length;
  }

  return {
    update(progress) {
      latest.set(progress.chain, progress);
      if (now() - drawn >= INTERVAL) draw();
    },
    close() {
      if (latest.size === 0) return;
      draw();
      latest.clear();
    },
  };
}

function row(chain: number, progress: Progress | undefined, elapsed: number, width: number): string {
  if (progress === undefined) return `chain ${chain} waiting`;
  const { phase, done, total, divergences, stepSize } = progress;
  const share = total > 0 ? done / total : 1;
  const left = share >= TELLING_SHARE && phase !== "done" ? ` ${seconds((elapsed * (1 - share)) / share)} left` : "";
  const trouble = divergences > 0 ? ` ${divergences} divergence${divergences === 1 ? "" : "s"}` : "";
  const text = ` ${done}/${total} ${phase} step ${stepSize.toPrecision(2)}${trouble}${left}`;
  const label = `chain ${chain} `;
  const room = Math.min(30, width - label.length - text.length - 1);
  const filled = Math.round(share * room);
  const bar = room >= 5 ? "━".repeat(filled) + "╌".repeat(room - filled) : "";
  return (label + bar + text).slice(0, width - 1);
}

const seconds = (milliseconds: number): string =>
  milliseconds < 60_000
    ? `${Math.ceil(milliseconds / 1000)} s`
    : `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
