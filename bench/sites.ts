/**
 * Models whose sites are written one by one in a loop: how long tracing and compiling take, from 8 to 1024 rows.
 *
 * `npx tsx bench/sites.ts [--rows=8,64,512] [--unrolled]` prints a table; each figure is the median of five processes, so that
 * everything is done for the first time. `--unrolled` compiles every row by itself (the pass `reroll` switched off).
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { dist, exp, logDensity, plate, sample, sqrt } from "lapilli";
import { withPasses } from "../src/compiler/passes.ts";
import { median } from "./measure.ts";
import { figure, markdownTable } from "./table.ts";

/** Data without randomness: any spread-out numbers do. */
const numbers = (rows: number, step: number): number[] =>
  Array.from({ length: rows }, (_, i) => ((i * step) % 1) * 2 - 1);

type Loop = (rows: number) => () => void;

const models: Readonly<Record<string, Loop>> = {
  regression: (rows) => {
    const [x, noise] = [numbers(rows, 0.618), numbers(rows, 0.414)];
    return () => {
      const alpha = sample("alpha", dist.Normal(0, 5));
      const beta = sample("beta", dist.Normal(0, 5));
      const sigma = sample("sigma", dist.HalfNormal(2));
      for (let i = 0; i < rows; i++)
        sample(`y${i}`, dist.Normal(alpha.add(beta.mul(x[i]!)), sigma), { obs: 1 + 2 * x[i]! + noise[i]! });
    };
  },
  "grouped logistic": (rows) => {
    const [x, chance] = [numbers(rows, 0.618), numbers(rows, 0.414)];
    return () => {
      const tau = sample("tau", dist.HalfNormal(1));
      const beta = sample("beta", dist.Normal(0, 5));
      const theta = plate("group", 8, () => sample("theta", dist.Normal(0, tau)));
      for (let i = 0; i < rows; i++) {
        const logits = theta.at(i % 8).add(beta.mul(x[i]!));
        sample(`y${i}`, dist.Bernoulli({ logits }), { obs: chance[i]! < 0 ? 0 : 1 });
      }
    };
  },
  "a latent site a row": (rows) => {
    const noise = numbers(rows, 0.414);
    return () => {
      const mu = sample("mu", dist.Normal(0, 1));
      const tau = sample("tau", dist.HalfNormal(1));
      for (let i = 0; i < rows; i++) {
        const theta = sample(`theta${i}`, dist.Normal(mu, tau));
        sample(`y${i}`, dist.Poisson(exp(theta)), { obs: Math.floor(4 + 4 * noise[i]!) });
      }
    };
  },
  "a recurrence": (rows) => {
    const y = numbers(rows, 0.618);
    return () => {
      const omega = sample("omega", dist.HalfNormal(1));
      const alpha = sample("alpha", dist.Uniform(0, 1));
      const beta = sample("beta", dist.Uniform(0, 1));
      let variance = omega;
      for (let i = 0; i < rows; i++) {
        sample(`y${i}`, dist.Normal(0, sqrt(variance)), { obs: y[i]! });
        variance = omega.add(alpha.mul(y[i]! ** 2)).add(beta.mul(variance));
      }
    };
  },
};

interface Figures {
  readonly traceMs: number;
  readonly compileMs: number;
  /** What this thread itself took of the processor, where the system tells: both together on a machine that does nothing else. */
  readonly threadMs: number | undefined;
  readonly codeBytes: number;
}

/** Traces and compiles one model in this process. */
function measure(name: string, rows: number, unrolled: boolean): Figures {
  const model = models[name]!(rows);
  const before = threadTime();
  const ld = withPasses({ reroll: !unrolled }, () => logDensity(model, undefined));
  const after = threadTime();
  const threadMs = before === undefined || after === undefined ? undefined : after - before;
  return { ...ld.timing, threadMs, codeBytes: ld.program?.code.length ?? 0 };
}

/** Milliseconds that this thread has run for, on Linux. */
function threadTime(): number | undefined {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
  } catch {
    return undefined;
  }
}

const self = fileURLToPath(import.meta.url);
function measureApart(name: string, rows: number, unrolled: boolean): Figures {
  const args = [self, `--here=${name}`, `--rows=${rows}`, ...(unrolled ? ["--unrolled"] : [])];
  const runs = Array.from({ length: 5 }, (): Figures => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [...process.execArgv, ...args], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    return JSON.parse(stdout);
  });
  const middle = (of: (run: Figures) => number): number => median(runs.map(of));
  return {
    traceMs: middle((run) => run.traceMs),
    compileMs: middle((run) => run.compileMs),
    threadMs: runs[0]!.threadMs === undefined ? undefined : middle((run) => run.threadMs!),
    codeBytes: runs[0]!.codeBytes,
  };
}

/** The table of all models at the given numbers of rows. */
export function sitesReport(rows: readonly number[] = [8, 16, 32, 64, 128, 256, 512, 1024], unrolled = false): string {
  const lines = Object.keys(models).flatMap((name) =>
    rows.map((n) => {
      const { traceMs, compileMs, threadMs, codeBytes } = measureApart(name, n, unrolled);
      const times = [traceMs, compileMs, traceMs + compileMs, threadMs].map(figure);
      return [name, String(n), ...times, String(codeBytes)];
    }),
  );
  return markdownTable(["model", "rows", "trace ms", "compile ms", "both", "thread ms", "code bytes"], lines);
}

function main(args: readonly string[]): void {
  const option = (name: string): string | undefined =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const rows = option("rows")?.split(",").map(Number);
  const here = option("here");
  const unrolled = args.includes("--unrolled");
  if (here !== undefined) console.log(JSON.stringify(measure(here, rows![0]!, unrolled)));
  else console.log(sitesReport(rows, unrolled));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
