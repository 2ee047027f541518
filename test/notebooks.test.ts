/** The examples run, and find what the books do. */
import { expect, test, vi } from "vitest";

/** Runs a notebook, and returns what it prints. */
async function printed(name: string): Promise<string> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    const file = new URL(`../notebooks/${name}.ts`, import.meta.url).href;
    await import(file);
    return log.mock.calls.map(([text]) => String(text)).join("\n");
  } finally {
    log.mockRestore();
  }
}

/** The mean that a printed summary has for a site. */
const meanOf = (site: string, table: string): number =>
  Number(new RegExp(`^${site.replace(/[[\]]/g, "\\$&")} +(\\S+)`, "m").exec(table)?.[1]);

test("linear regression", async () => {
  const text = await printed("linear-regression");
  expect(meanOf("intercept", text)).toBeCloseTo(3, 0);
  expect(Math.abs(meanOf("slope", text) - 0.5)).toBeLessThan(0.03);
  expect(text).toContain("0 of 4000 transitions diverged.");
  // Least squares: 7.0 ± t₉(0.95) · 1.24 · √(1 + 1/11 + 1/110), and 13.0 with √(1 + 1/11 + 121/110) for the other.
  const intervals = [...text.matchAll(/at x = (\d+), .* between (\S+) and (\S+)/g)].map(([, ...found]) =>
    found.map(Number),
  );
  expect(intervals.map(([at]) => at)).toEqual([8, 20]);
  for (const [i, [centre, half]] of [
    [7, 2.4],
    [13, 3.4],
  ].entries()) {
    const [, low, high] = intervals[i]!;
    expect(Math.abs((low! + high!) / 2 - centre!)).toBeLessThan(0.3);
    expect((high! - low!) / 2 / half!).toBeGreaterThan(0.9);
    expect((high! - low!) / 2 / half!).toBeLessThan(1.25);
  }
});

test("groups", async () => {
  const text = await printed("rails");
  expect(Math.abs(meanOf("mean", text) - 66.5)).toBeLessThan(3);
  expect(Math.abs(meanOf("within", text) - 4.3)).toBeLessThan(0.5);
  // Means of a rail, drawn a little towards the common one.
  expect(Math.abs(meanOf("effect[1]", text) - 31.7)).toBeLessThan(0.7);
  expect(Math.abs(meanOf("effect[3]", text) - 96)).toBeLessThan(0.7);
});

test("a mixture", async () => {
  const text = await printed("geyser");
  expect(Math.abs(meanOf("short", text) - 2)).toBeLessThan(0.2);
  expect(Math.abs(meanOf("long", text) - 4.15)).toBeLessThan(0.2);
  expect(Math.abs(meanOf("share", text) - 0.46)).toBeLessThan(0.04);
});

test("earthquakes: a hidden Markov model", async () => {
  const text = await printed("earthquakes");
  // Maximum likelihood: 15.5 and 26.1 earthquakes a year, 0.934 and 0.872 to stay; the posterior is not far from it.
  expect(Math.abs(meanOf("quiet", text) - 15.5)).toBeLessThan(1);
  expect(Math.abs(meanOf("restless", text) - 26.1)).toBeLessThan(1.5);
  expect(Math.abs(meanOf("stayQuiet", text) - 0.934)).toBeLessThan(0.06);
  expect(Math.abs(meanOf("stayRestless", text) - 0.872)).toBeLessThan(0.08);
});
