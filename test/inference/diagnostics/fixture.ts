import { readFileSync } from "node:fs";
import { toChains } from "../../../inference/diagnostics/draws.ts";
import { ebfmi } from "../../../inference/diagnostics/ebfmi.ts";
import { effectiveSampleSize } from "../../../inference/diagnostics/effectiveSampleSize.ts";
import { essBulk, essMean, essQuantile, essSd, essTail } from "../../../inference/diagnostics/ess.ts";
import { mcseMean, mcseQuantile, mcseSd } from "../../../inference/diagnostics/mcse.ts";
import { quantile } from "../../../inference/diagnostics/quantile.ts";
import { potentialScaleReduction, rHat } from "../../../inference/diagnostics/rHat.ts";
import { split } from "../../../inference/diagnostics/split.ts";

/** A value of the fixture: null is NaN. */
export type Value = number | "Infinity" | null;

export interface Case {
  readonly name: string;
  readonly kind: string;
  readonly chains: number;
  readonly draws: number;
  readonly a: number;
  readonly seed: number;
  readonly expected: Readonly<Record<string, Value>>;
}

export interface Golden {
  readonly name: string;
  readonly draws: number[][];
  readonly expected: Readonly<Record<string, number>>;
}

export interface Small {
  readonly f: string;
  readonly x: number[];
  readonly expected: number[];
}

interface Fixture {
  readonly cases: readonly Case[];
  readonly intervals: Readonly<Record<string, Readonly<Record<string, [number, number]>>>>;
  readonly ebfmi: Readonly<Record<string, number[]>>;
  readonly blocker: Golden;
  readonly small: readonly Small[];
}

export const fixture: Fixture = JSON.parse(
  readFileSync(new URL("../../fixtures/diagnostics.json", import.meta.url), "utf8"),
);

function* uniforms(seed: number): Generator<number, never> {
  for (let s = seed; ; ) {
    s = (16807 * s) % 2147483647;
    yield s / 2147483647;
  }
}

/** The draws of a case, by the formulas that the fixture states. */
export function drawsOf({ kind, chains, draws, a, seed }: Case): number[][] {
  const u = uniforms(seed);
  const uniform = (): number => u.next().value;
  const normal = (): number => {
    let total = 0;
    for (let i = 0; i < 12; i++) total += uniform();
    return total - 6;
  };
  return Array.from({ length: chains }, (_, c) => {
    const isLast = c === chains - 1;
    let x = 0;
    return Array.from({ length: draws }, (_, i) => {
      const e = normal();
      switch (kind) {
        case "ar":
          x = a * x + e;
          return x;
        case "shifted":
          return e + (isLast ? a : 0);
        case "wide":
          return e * (isLast ? a : 1);
        case "ratio":
          return e / normal();
        case "ties":
          return Math.floor(a * e);
        case "trend":
          return e + a * i;
        case "constant":
          return a;
        case "offset":
          return 1e6 + a * e;
        case "skewed":
          return 1 / (a + uniform());
        case "binary":
          return uniform() < a ? 1 : 0;
        case "stuck":
          return c * a;
        default:
          throw new Error(`no formula for ${kind}`);
      }
    });
  });
}

/** The draws of the case with this name. */
export function drawsNamed(name: string): number[][] {
  const found = fixture.cases.find((c) => c.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return drawsOf(found);
}

/** What the fixtures call each diagnostic. */
export const diagnostics: Readonly<Record<string, (draws: number[][]) => number>> = {
  rhat: rHat,
  rhat_rank: rHat,
  rhat_split: (x) => potentialScaleReduction(split(toChains(x, "rhat_split"))),
  rhat_basic: (x) => potentialScaleReduction(toChains(x, "rhat_basic")),
  rhat_raw: (x) => potentialScaleReduction(toChains(x, "rhat_raw")),
  ess_bulk: essBulk,
  ess_tail: essTail,
  ess_mean: essMean,
  ess_sd: essSd,
  ess_median: (x) => essQuantile(x),
  ess_basic: (x) => effectiveSampleSize(toChains(x, "ess_basic")),
  ess_raw: (x) => effectiveSampleSize(toChains(x, "ess_raw")),
  ess_q01: (x) => essQuantile(x, 0.01),
  ess_q10: (x) => essQuantile(x, 0.1),
  ess_q30: (x) => essQuantile(x, 0.3),
  ess_q100: (x) => essQuantile(x, 1),
  ess_quantile01: (x) => essQuantile(x, 0.01),
  ess_quantile10: (x) => essQuantile(x, 0.1),
  ess_quantile30: (x) => essQuantile(x, 0.3),
  mcse_mean: mcseMean,
  mcse_sd: mcseSd,
  mcse_median: (x) => mcseQuantile(x),
  mcse_q01: (x) => mcseQuantile(x, 0.01),
  mcse_q10: (x) => mcseQuantile(x, 0.1),
  mcse_q30: (x) => mcseQuantile(x, 0.3),
  mcse_quantile01: (x) => mcseQuantile(x, 0.01),
  mcse_quantile10: (x) => mcseQuantile(x, 0.1),
  mcse_quantile30: (x) => mcseQuantile(x, 0.3),
  q5: (x) => quantile(x, 0.05),
  q50: (x) => quantile(x, 0.5),
  q95: (x) => quantile(x, 0.95),
};

/** Every diagnostic that takes draws alone, by its own name. */
export const byName: Readonly<Record<string, (draws: never) => unknown>> = {
  rHat,
  essBulk,
  essTail,
  essMean,
  essSd,
  essQuantile,
  mcseMean,
  mcseSd,
  mcseQuantile,
  ebfmi,
};

/** |value − expected| relative to expected; 0 if both are NaN or the same infinity. */
export function relativeError(value: number, expected: Value): number {
  const target = expected === null ? Number.NaN : Number(expected);
  if (Object.is(value, target) || value === target) return 0;
  return Number.isFinite(target) ? Math.abs(value - target) / Math.abs(target) : Number.POSITIVE_INFINITY;
}
