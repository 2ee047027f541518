/** What Lapilli is compared with: hand-written WebAssembly, run here and now, and figures recorded from other samplers. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const peers = fileURLToPath(new URL("../../shared/peers/", import.meta.url));
const script = `${peers}limit/run.mjs`;

/** What the script calls each density. */
const keys: Readonly<Record<string, string>> = {
  "eight_schools-eight_schools_noncentered": "eight",
  "sblrc-blr": "blr",
  "nes1980-nes": "nes",
  "kidiq-kidscore_interaction": "kidiq",
  "earnings-logearn_interaction": "earn",
  "mesquite-logmesquite_logvas": "mesquite",
  "kilpisjarvi_mod-kilpisjarvi": "kilpis",
  "arK-arK": "ark",
  "radon_mn-radon_hierarchical_intercept_noncentered": "radon",
  "wells_data-wells_dae_inter_model": "wells",
  "GLM_Poisson_Data-GLM_Poisson_model": "pois",
  "low_dim_gauss_mix-low_dim_gauss_mix": "mix",
  "irt_2pl-irt_2pl": "irt",
  "seeds_data-seeds_stanified_model": "seeds",
  mice_weibull: "mice",
  "garch-garch11": "garch",
  "hmm_example-hmm_example": "hmm",
  rhs_linear: "rhs",
  "gp_pois_regr-gp_regr": "gp",
  logistic_1000_20: "logistic",
};

export interface HandWritten {
  /** One pass over the rows; the only variant where there is one. Microseconds per gradient. */
  readonly onePass: number;
  /** The fastest variant, and its name. */
  readonly best: number;
  readonly bestVariant: string;
}

export const hasHandWritten: boolean = existsSync(script);

/** Times the hand-written WebAssembly of one density; undefined where there is none. */
export function measureHandWritten(name: string): HandWritten | undefined {
  const key = keys[name];
  if (!hasHandWritten || key === undefined) return undefined;
  const { stdout } = spawnSync(process.execPath, [script, `--only=${key}`], { encoding: "utf8" });
  const variants = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { name: string; variant: string; usPerGradient: number })
    .filter((line) => line.name === name && line.variant !== "plain JS");
  if (variants.length === 0) return undefined;
  const best = variants.reduce((a, b) => (b.usPerGradient < a.usPerGradient ? b : a));
  const onePass = variants.find(({ variant }) => /^A\b(?!,)/.test(variant)) ?? variants[0]!;
  return { onePass: onePass.usPerGradient, best: best.usPerGradient, bestVariant: best.variant };
}

/** Nanoseconds per element of the hand-written loops over 1024 numbers, by name; empty where there are none. */
export function measureMicro(): ReadonlyMap<string, number> {
  if (!hasHandWritten) return new Map();
  const { stdout } = spawnSync(process.execPath, [script, "--micro"], { encoding: "utf8" });
  const lines = stdout
    .split("\n")
    .filter((line) => line.includes('"nsPerElement"'))
    .map((line) => JSON.parse(line) as { micro: string; nsPerElement: number });
  return new Map(lines.map(({ micro, nsPerElement }) => [micro, nsPerElement]));
}

/** Microseconds per gradient in a native loop, as recorded. */
export interface Recorded {
  readonly stan?: number;
  readonly stanli?: number;
  /** With `fast_math`. */
  readonly stanliFast?: number;
}

interface RecordedRun {
  readonly date: string;
  readonly cpu: string;
  readonly posteriors: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly gradient?: { readonly us?: number; readonly us_fast_math?: number } }>>
    >
  >;
}

const latest = existsSync(`${peers}mcmc`)
  ? readdirSync(`${peers}mcmc`)
      .filter((file) => /^results-.*\.json$/.test(file))
      .sort()
      .at(-1)
  : undefined;
const run: RecordedRun | undefined = latest && JSON.parse(readFileSync(`${peers}mcmc/${latest}`, "utf8"));

/** When and where the figures of the other samplers were taken. */
export const recordedOn: string | undefined = run && `${run.date}, ${run.cpu}`;

export function recorded(name: string): Recorded {
  const peersOf = run?.posteriors[name];
  const figures = {
    stan: peersOf?.stan?.gradient?.us,
    stanli: peersOf?.stanli?.gradient?.us,
    stanliFast: peersOf?.stanli?.gradient?.us_fast_math,
  };
  return Object.fromEntries(Object.entries(figures).filter(([, us]) => us !== undefined));
}
