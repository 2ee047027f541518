/**
 * Nanoseconds per row of a value and gradient, from a thousand rows to a million: linear cost is the same figure throughout.
 *
 * `npx tsx bench/rows.ts [--rows=1000,10000]` prints a table. Each figure is the fastest of several blocks, in a process of its own.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { dist, factor, logaddexp, logDensity, matmul, plate, sample, type Tensor, tensor } from "lapilli";
import { figure, markdownTable } from "./table.ts";

/** Data without randomness: any spread-out numbers do. */
const numbers = (n: number, step: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => ((i * step) % 1) * 2 - 1);
const design = (rows: number, columns: number): Tensor =>
  tensor(numbers(rows * columns, 0.6180339887498949)).reshape([rows, columns]);

const models: Readonly<Record<string, (rows: number) => () => void>> = {
  "logistic regression, 20 columns": (rows) => {
    const x = design(rows, 20);
    const y = tensor(numbers(rows, 0.41421356237309515).map((u) => (u < 0 ? 0 : 1)));
    return () => {
      const alpha = sample("alpha", dist.Normal(0, 2.5));
      const beta = plate("column", 20, () => sample("beta", dist.Normal(0, 1)));
      plate("row", rows, () => sample("y", dist.Bernoulli({ logits: matmul(x, beta).add(alpha) }), { obs: y }));
    };
  },
  "regression with a scale for each row, 5 columns": (rows) => {
    const x = design(rows, 5);
    const y = tensor(numbers(rows, 0.41421356237309515));
    return () => {
      const beta = plate("column", 5, () => sample("beta", dist.Normal(0, 1)));
      const gamma = plate("column", 5, () => sample("gamma", dist.Normal(0, 1)));
      plate("row", rows, () => sample("y", dist.Normal(matmul(x, beta), matmul(x, gamma).exp()), { obs: y }));
    };
  },
  "mixture of two normals": (rows) => {
    const y = tensor(numbers(rows, 0.41421356237309515));
    return () => {
      const mu = plate("component", 2, () => sample("mu", dist.Normal(0, 2)));
      const weight = sample("weight", dist.Normal(0, 1));
      factor("y", logaddexp(dist.Normal(mu.at(0), 1).logProb(y).add(weight), dist.Normal(mu.at(1), 2).logProb(y)));
    };
  },
};

/** Nanoseconds per row: the fastest of ten blocks, each of 30 ms or one call. */
function measure(name: string, rows: number): number {
  const ld = logDensity(models[name]!(rows), undefined);
  if (ld.interpreted !== undefined) throw new Error(`${name}: interpreted, ${ld.interpreted}`);
  const x = new Float64Array(ld.dim).fill(0.1);
  const gradient = new Float64Array(ld.dim);
  const milliseconds = (calls: number): number => {
    const started = performance.now();
    for (let i = 0; i < calls; i++) ld.valueAndGrad(x, gradient);
    return performance.now() - started;
  };
  for (let spent = 0; spent < 300; ) spent += milliseconds(1);
  let calls = 1;
  for (let taken = milliseconds(calls); taken < 30; taken = milliseconds(calls)) calls *= 2;
  const fastest = Math.min(...Array.from({ length: 10 }, () => milliseconds(calls) / calls));
  return (1e6 * fastest) / rows;
}

const self = fileURLToPath(import.meta.url);
function measureApart(name: string, rows: number): number {
  const args = [...process.execArgv, self, `--here=${name}`, `--rows=${rows}`];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return Number(stdout);
}

/** The table of all models at the given numbers of rows. */
export function rowsReport(rows: readonly number[] = [1e3, 1e4, 1e5, 1e6]): string {
  const lines = Object.keys(models).map((name) => [name, ...rows.map((n) => figure(measureApart(name, n)))]);
  return markdownTable(["ns per row", ...rows.map((n) => `${n.toLocaleString("en")} rows`)], lines);
}

function main(args: readonly string[]): void {
  const option = (name: string): string | undefined =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const rows = option("rows")?.split(",").map(Number);
  const here = option("here");
  if (here !== undefined) console.log(measure(here, rows![0]!));
  else console.log(rowsReport(rows));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
