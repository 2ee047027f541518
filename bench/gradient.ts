/**
 * Microseconds per value and gradient of the posteriors in test/posteriors, beside hand-written WebAssembly measured in
 * the same run and figures recorded from other samplers.
 *
 *     npx tsx bench/gradient.ts [--json] [--only=substring]
 *
 * `--json` prints `[{ name, dim, traceMs, compileMs, usPerGradient, usDependent, bytesPerCall }]` alone. Every posterior
 * runs in a process of its own, so that its tracing is the first there and its call sites know one model. Pin it to one
 * core (`taskset -c 1`) and keep the machine quiet.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { logDensity } from "lapilli";
import type { Posterior } from "../test/posteriors/posterior.ts";
import { posteriors } from "../test/posteriors/posteriors.ts";
import { dataOf, referencePoints, stanOrder } from "../test/posteriors/references.ts";
import { bytesPerCall, geometricMean, microseconds } from "./measure.ts";
import { type HandWritten, hasHandWritten, measureHandWritten, type Recorded, recorded, recordedOn } from "./peers.ts";
import { figure, markdownTable } from "./table.ts";

export interface GradientFigures {
  readonly name: string;
  readonly dim: number;
  /** Milliseconds, the first time in a process. */
  readonly traceMs: number;
  readonly compileMs: number;
  /** Microseconds per value and gradient. */
  readonly usPerGradient: number;
  /** The same where each point depends on the last gradient, as in a leapfrog. */
  readonly usDependent: number;
  /** Bytes of heap per call. */
  readonly bytesPerCall: number;
}

const round = (x: number): number => Number(x.toPrecision(4));

/** Measures one posterior in this process; undefined without its data. */
async function measure(posterior: Posterior): Promise<GradientFigures | undefined> {
  const data = dataOf(posterior);
  if (!data) return undefined;
  const ld = logDensity(posterior.bind(data), undefined);
  const reference = referencePoints(posterior.name);
  const x = new Float64Array(ld.dim).fill(0.1);
  if (reference) {
    const { unconstrained } = reference.points[0]!;
    x.set(Array.from(stanOrder(ld, reference.parameters), (i) => unconstrained[i]!));
  }
  const gradient = new Float64Array(ld.dim);
  const { valueAndGrad } = ld;
  const independent = (calls: number): number => {
    let sum = 0;
    for (let i = 0; i < calls; i++) sum += valueAndGrad(x, gradient);
    return sum;
  };
  const dependent = (calls: number): number => {
    const start = x[0]!;
    let value = 0;
    for (let i = 0; i < calls; i++) {
      value = valueAndGrad(x, gradient);
      x[0] = start + 1e-300 * (value + gradient[gradient.length - 1]!);
    }
    return value;
  };
  const usPerGradient = round(await microseconds(independent));
  return {
    name: posterior.name,
    dim: ld.dim,
    traceMs: round(ld.timing.traceMs),
    compileMs: round(ld.timing.compileMs),
    usPerGradient,
    usDependent: round(await microseconds(dependent)),
    bytesPerCall: Math.round(10 * bytesPerCall(independent)) / 10,
  };
}

const self = fileURLToPath(import.meta.url);

/** Measures one posterior in a process of its own; undefined without its data. */
export function measureApart(name: string): GradientFigures | undefined {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...process.execArgv, self, `--here=${name}`], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return stdout.trim() === "" ? undefined : JSON.parse(stdout);
}

interface Row {
  readonly figures: GradientFigures;
  readonly handWritten: HandWritten | undefined;
  readonly recorded: Recorded;
}

const columns: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ["posterior", ({ figures }) => figures.name],
  ["dim", ({ figures }) => String(figures.dim)],
  ["trace ms", ({ figures }) => figures.traceMs.toFixed(1)],
  ["compile ms", ({ figures }) => figures.compileMs.toFixed(1)],
  ["µs", ({ figures }) => figure(figures.usPerGradient)],
  ["dependent", ({ figures }) => figure(figures.usDependent)],
  ["bytes", ({ figures }) => String(figures.bytesPerCall)],
  ["one pass", ({ handWritten }) => figure(handWritten?.onePass)],
  ["best", ({ handWritten }) => figure(handWritten?.best)],
  ["× one pass", (row) => figure(ratio.onePass(row))],
  ["× best", (row) => figure(ratio.best(row))],
  ["Stan", ({ recorded }) => figure(recorded.stan)],
  ["stanli", ({ recorded }) => figure(recorded.stanli)],
  ["stanli fast", ({ recorded }) => figure(recorded.stanliFast)],
  ["× Stan", (row) => figure(ratio.stan(row))],
  ["× stanli", (row) => figure(ratio.stanli(row))],
  ["× stanli fast", (row) => figure(ratio.stanliFast(row))],
];

const over = (row: Row, theirs: number | undefined): number | undefined =>
  theirs === undefined ? undefined : row.figures.usPerGradient / theirs;
const ratio: Readonly<Record<"onePass" | "best" | "stan" | "stanli" | "stanliFast", (row: Row) => number | undefined>> =
  {
    onePass: (row) => over(row, row.handWritten?.onePass),
    best: (row) => over(row, row.handWritten?.best),
    stan: (row) => over(row, row.recorded.stan),
    stanli: (row) => over(row, row.recorded.stanli),
    stanliFast: (row) => over(row, row.recorded.stanliFast),
  };

/** The table of all posteriors whose name contains `only`, and what is missing from it. */
export function gradientReport(only = ""): string {
  const rows: Row[] = [];
  const missing: string[] = [];
  for (const { name } of posteriors.filter((p) => p.name.includes(only))) {
    const figures = measureApart(name);
    if (figures) rows.push({ figures, handWritten: measureHandWritten(name), recorded: recorded(name) });
    else missing.push(name);
  }
  const means = Object.entries(ratio).flatMap(([against, of]) => {
    const ratios = rows.map(of).filter((r) => r !== undefined);
    return ratios.length > 0 ? [`${names[against as keyof typeof ratio]} ${figure(geometricMean(ratios))}`] : [];
  });
  return [
    markdownTable(
      columns.map(([title]) => title),
      rows.map((row) => columns.map(([, cell]) => cell(row))),
    ),
    "",
    ...(means.length > 0 ? [`Geometric means of the time over theirs: ${means.join(", ")}.`] : []),
    ...(hasHandWritten ? [] : ["The hand-written WebAssembly (../shared/peers/limit) is not here."]),
    recordedOn
      ? `Stan and stanli as recorded on ${recordedOn}.`
      : "The figures of Stan and stanli (../shared/peers/mcmc) are not here.",
    ...(missing.length > 0 ? [`Without their data (../shared/posteriors): ${missing.join(", ")}.`] : []),
  ].join("\n");
}

const names: Readonly<Record<keyof typeof ratio, string>> = {
  onePass: "hand-written in one pass",
  best: "hand-written, best",
  stan: "Stan",
  stanli: "stanli",
  stanliFast: "stanli fast",
};

async function main(args: readonly string[]): Promise<void> {
  const option = (name: string): string | undefined =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const here = option("here");
  const only = option("only") ?? "";
  if (here !== undefined) {
    const figures = await measure(posteriors.find(({ name }) => name === here)!);
    if (figures) console.log(JSON.stringify(figures));
  } else if (args.includes("--json")) {
    const chosen = posteriors.filter(({ name }) => name.includes(only));
    console.log(JSON.stringify(chosen.map(({ name }) => measureApart(name)).filter((f) => f !== undefined)));
  } else console.log(gradientReport(only));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(process.argv.slice(2));
