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

test("one line per chain, redrawn in place at most ten times a second, and the cursor left alone", () => {
  let time = 0;
  const out = terminal(true);
  const bar = progressBar([0, 1], out, () => time);
  for (; time < 1000; time += 10) bar.update(at(time % 20 === 0 ? 0 : 1, time));
  bar.close();
  const frames = out.text.split("\u001b[2A");
  expect(frames.length).toBe(11);
  // A hidden cursor would stay so after Ctrl-C.
  expect(out.text).not.toContain("\u001b[?25");
  expect(frames.at(-1)).toContain("990/1500 sampling step 0.40 1 divergence 1 s left");
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

test("says how long the rest takes once some of it is done, and nothing of no divergence", () => {
  let time = 0;
  const out = terminal(true);
  const bar = progressBar([0, 2], out, () => time);
  bar.update(at(0, 1));
  expect(out.text).not.toContain("left");
  expect(out.text).not.toContain("divergence");
  time = 900;
  bar.update(at(2, 500));
  expect(out.text).toContain("500/1500 sampling step 0.40 2 divergences 2 s left");
});

test("a terminal of unknown width has 80 columns", () => {
  for (const columns of [0, undefined]) {
    const out = { ...terminal(true), columns };
    progressBar([0], out).update(at(0, 300));
    expect(out.text).toContain("300/1500 warmup step 0.40");
  }
});
