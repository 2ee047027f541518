import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle, chromiumPath, launch, type Site, serve } from "./chromium.ts";
import type { Page } from "./page.ts";
import { type Report, type SchoolsOptions, sampleSchools } from "./schools.ts";

const missing = chromiumPath === undefined ? " (skipped: no Chromium; install it or set CHROMIUM to its path)" : "";

/** What a careful page allows: its own scripts and WebAssembly, no code from strings. */
const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
const WITHOUT_WORKERS = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'";
const WITHOUT_WEBASSEMBLY = "default-src 'none'; script-src 'self'; worker-src 'self'";

/** How far a mean of draws is from a known one, in its own standard errors. */
const standardErrors = (row: { mean: number; sd: number; ess_bulk: number }, mean: number): number =>
  Math.abs(row.mean - mean) / (row.sd / Math.sqrt(row.ess_bulk));

describe.skipIf(chromiumPath === undefined)(`in Chromium${missing}`, () => {
  let browser: Browser;
  let site: Site;
  beforeAll(async () => {
    [browser, site] = await Promise.all([launch(), bundle().then(serve)]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
  });

  interface Visit extends Report {
    readonly canEvaluate: boolean;
    /** Web Workers that the page started. */
    readonly workers: number;
    /** Policy violations and other complaints on the console. */
    readonly complaints: readonly string[];
  }

  /** Runs eight schools in a page under a policy, whose clock may run `haste` times too fast. */
  async function inPage(policy: string, options: SchoolsOptions, haste = 1): Promise<Visit> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    let workers = 0;
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("worker", () => workers++);
    try {
      await page.goto(site.page(policy), { waitUntil: "load" });
      const report = await page.evaluate(
        async ([given, factor]) => {
          const { page: lapilli } = globalThis as unknown as { page: Page };
          const now = performance.now.bind(performance);
          performance.now = () => factor * now();
          return { ...(await lapilli.sampleSchools(given)), canEvaluate: lapilli.canEvaluate() };
        },
        [options, haste] as const,
      );
      return { ...report, workers, complaints };
    } finally {
      await page.close();
    }
  }

  test("draws are Node's, bit for bit, where code from strings is forbidden", async () => {
    const here = await sampleSchools({ strategy: "inProcess" });
    const there = await inPage(STRICT, { strategy: "inProcess" });
    expect(there.canEvaluate).toBe(false);
    expect(there.interpreted).toBeUndefined();
    expect(there.draws).toEqual(here.draws);
    expect(there.draws.theta).toHaveLength(4 * 300 * 8);
    expect(there.rows).toEqual(here.rows);
    expect(there.workers).toBe(0);
  });

  test("the summary is that of the posterior", async () => {
    // Means and standard deviations of the posteriordb reference draws for eight_schools_centered.
    // Short steps, because without them centred draws seldom reach small scales, and their mean is too large.
    const { rows } = await inPage(STRICT, { warmup: 1000, draws: 2000, seed: 1, targetAcceptance: 0.99 });
    const mu = rows.find(({ name }) => name === "mu")!;
    const tau = rows.find(({ name }) => name === "tau")!;
    expect(rows).toHaveLength(10);
    expect(standardErrors(mu, 4.4)).toBeLessThan(4);
    expect(Math.abs(mu.sd - 3.3)).toBeLessThan(0.5);
    expect(standardErrors(tau, 3.6)).toBeLessThan(4);
    for (const { r_hat, ess_bulk } of rows) {
      expect(r_hat).toBeLessThan(1.05);
      expect(ess_bulk).toBeGreaterThan(100);
    }
  });

  test("Web Workers give the same draws", async () => {
    const here = await sampleSchools({ strategy: "inProcess" });
    const there = await inPage(STRICT, { strategy: "workers", workers: 2 });
    expect(there.workers).toBe(2);
    expect(there.draws).toEqual(here.draws);
  });

  test("a long run stays in the page where workers are forbidden", async () => {
    const here = await sampleSchools({ strategy: "inProcess" });
    const there = await inPage(WITHOUT_WORKERS, {}, 1000);
    expect(there.workers).toBe(0);
    expect(there.complaints.join()).toContain("worker");
    expect(there.draws).toEqual(here.draws);
  });

  test("workers that were asked for and cannot start say what to do", async () => {
    await expect(inPage(WITHOUT_WORKERS, { strategy: "workers" })).rejects.toThrow(
      /could not be started: .* needs lapilli\/worker beside it/,
    );
  });

  test("the interpreter takes over where WebAssembly is forbidden", async () => {
    const options = { chains: 2, warmup: 50, draws: 50 };
    const here = await sampleSchools({ ...options, interpret: true });
    const there = await inPage(WITHOUT_WEBASSEMBLY, options);
    expect(there.interpreted).toContain("'wasm-unsafe-eval'");
    expect(there.draws).toEqual(here.draws);
  });
});
