import { expect, test } from "vitest";
import { progressBar } from "../../../inference/runner/progressBar.ts";

const at = (chain: number, done: number) =>
  ({ chain, phase: done < 500 ? "warmup" : "sampling", done, total: 1500, divergences: chain, stepSize: 0.4 }) as const;

function terminal(isTTY: boolean): { isTTY: boolean; columns: number; text: string; write(text: string): void } {
  return {
    isTTY,
    columns: 80,
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

test("one line per chain, redrawn in place at most ten times a second, with the cursor restored", () => {
  let time = 0;
  const out = terminal(true);
  const bar = progressBar([0, 1], out, () => time);
  for (; time < 1000; time += 10) bar.update(at(time % 20 === 0 ? 0 : 1, time));
  bar.close();
  const frames = out.text.split("\u001b[2A");
  expect(frames.length).toBe(11);
  expect(out.text.startsWith("\u001b[?25l")).toBe(true);
  expect(out.text.endsWith("\u001b[?25h")).toBe(true);
  expect(frames.at(-1)).toContain("990/1500 sampling step 0.40 1 divergences");
  for (const line of frames.at(-1)?.split("\n") ?? []) expect(line.replaceAll("\u001b[2K", "").length).toBeLessThan(88);
});

test("silent when the output is not a terminal", () => {
  const out = terminal(false);
  const bar = progressBar([0], out);
  bar.update(at(0, 10));
  bar.close();
  expect(out.text).toBe("");
});

test("nothing is written when nothing happened", () => {
  const out = terminal(true);
  progressBar([0], out).close();
  expect(out.text).toBe("");
});
