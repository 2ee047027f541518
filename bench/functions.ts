/**
 * Nanoseconds per element of the elementary functions in compiled programs, beside hand-written WebAssembly in the same run.
 *
 *     npx tsx bench/functions.ts [--only=substring]
 *
 * 1024 arguments in the first-level cache, spread over [0.05, 9.05]: a map that stores its results, or a sum. Pin it to one core and
 * keep the machine quiet.
 */
import { compile } from "../src/compiler/compile.ts";
import type { Node } from "../src/compiler/graph.ts";
import { inputNode } from "../src/compiler/node.ts";
import { instantiate } from "../src/compiler/program.ts";
import * as arithmetic from "../src/ops/arithmetic.ts";
import * as elementary from "../src/ops/elementary.ts";
import { sum } from "../src/ops/reduce.ts";
import { microseconds } from "./measure.ts";
import { measureMicro } from "./peers.ts";
import { figure, markdownTable } from "./table.ts";

const count = 1024;

const { add, neg, reciprocal, sqrt, square } = arithmetic;
const { exp, log1p, sigmoid, softplus } = elementary;
const total = (x: Node): Node => sum(x, [0]);

/** What is measured, with the name of the same work among the hand-written loops. */
const cases: readonly (readonly [name: string, f: (x: Node) => Node, micro?: string])[] = [
  ["x + x", (x) => add(x, x), "mul"],
  ["1 / x", reciprocal, "div"],
  ["sqrt", sqrt, "sqrt"],
  ["exp", exp, "exp_table256"],
  ["log", elementary.log, "log"],
  ["log1p", log1p, "log1p01"],
  ["softplus", softplus, "softplus"],
  ["log1p(exp(-x))", (x) => log1p(exp(neg(x))), "softplus"],
  ["sigmoid", sigmoid],
  ["expm1", elementary.expm1],
  ["tanh", elementary.tanh],
  ["pow(x, x)", (x) => elementary.pow(x, x)],
  ["erf", elementary.erf],
  ["normalCdf", elementary.normalCdf],
  ["lgamma", elementary.lgamma, "lgamma"],
  ["lgamma(x²)", (x) => elementary.lgamma(square(x)), "lgamma"],
  ["digamma", elementary.digamma],
  ["sum", total, "sum4"],
  ["sum of exp", (x) => total(exp(x))],
  ["sum of log", (x) => total(elementary.log(x)), "logsum_each"],
  ["sum of softplus", (x) => total(softplus(x))],
];

/** Nanoseconds per element of the compiled map. */
async function nanoseconds(f: (x: Node) => Node): Promise<number> {
  const x = inputNode([count], "float64", "x");
  const { inputs, run } = instantiate(compile([f(x)], [x]).program);
  for (let i = 0; i < count; i++) inputs[0]![i] = 0.05 + ((i * 0.61803398875) % 1) * 9;
  const loop = (calls: number): number => {
    for (let i = 0; i < calls; i++) run();
    return 0;
  };
  return (1000 * (await microseconds(loop))) / count;
}

const only = process.argv.find((a) => a.startsWith("--only="))?.slice("--only=".length) ?? "";
const micro = measureMicro();
const rows: string[][] = [];
for (const [name, f, hand] of cases) {
  if (!name.includes(only)) continue;
  const ours = await nanoseconds(f);
  const theirs = hand === undefined ? undefined : micro.get(hand);
  rows.push([name, figure(ours), figure(theirs), figure(theirs && ours / theirs)]);
}
console.log(markdownTable(["function", "ns", "by hand", "×"], rows));
