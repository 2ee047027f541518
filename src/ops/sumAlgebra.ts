/** The algebra of sums: what does not depend on the summed axes leaves the loop, data are summed once. */
import type { Node, NodeType } from "../compiler/graph.ts";
import { isConstant, scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { add, arithmeticOps, div, mul, neg, sub } from "./arithmetic.ts";
import { broadcast } from "./broadcast.ts";
import { cast } from "./casts.ts";
import { broadcastTo } from "./map.ts";
import { reshape } from "./shape.ts";
import { summarise } from "./summarise.ts";

type Sum = (x: Node, axes: readonly number[]) => Node;
type Axes = readonly number[];

const drop = (shape: readonly number[], axes: Axes): number[] => shape.filter((_, d) => !axes.includes(d));
const number = (x: number, like: Node): Node => scalar(x, like.dtype);

/** An equal of the sum of `x` over `axes` with less work in the loop, or undefined. */
export function simplifySum(x: Node, axes: Axes, sum: Sum): Node | undefined {
  if (axes.length === 0) return x;
  if (axes.every((d) => x.shape[d] === 1)) return reshape(x, drop(x.shape, axes));
  if (x.op === broadcast) return sumOfBroadcast(x, axes, sum);
  if (x.op === arithmeticOps.neg) return neg(sum(x.inputs[0]!, axes));
  const total = (y: Node): Node =>
    sum(
      y,
      Array.from(y.shape, (_, d) => d),
    );
  const statistic = axes.length === x.shape.length ? summarise(x, total) : undefined;
  if (statistic) return statistic;
  if (x.op === arithmeticOps.add || x.op === arithmeticOps.sub) return sumOfTerms(x, axes, sum);
  return x.op === arithmeticOps.mul || x.op === arithmeticOps.div ? sumOfProduct(x, axes, sum) : undefined;
}

/** Σ of a stretched tensor counts the stretched elements. */
function sumOfBroadcast(x: Node, axes: Axes, sum: Sum): Node | undefined {
  const source = x.inputs[0]!;
  const lead = x.shape.length - source.shape.length;
  const isStretched = (d: number): boolean => d < lead || source.shape[d - lead] !== x.shape[d];
  const stretched = axes.filter(isStretched);
  if (stretched.length === 0) return undefined;
  const times = stretched.reduce((n, d) => n * x.shape[d]!, 1);
  const rest = axes.filter((d) => !isStretched(d) && source.shape[d - lead] !== 1).map((d) => d - lead);
  const kept = source.shape.filter((_, d) => !axes.includes(d + lead));
  return broadcastTo(mul(number(times, x), reshape(sum(source, rest), kept)), drop(x.shape, axes));
}

/** Whether an operand has no extent along the summed axes of its user. */
const isFlat = (y: Node, x: NodeType, axes: Axes): boolean => {
  const lead = x.shape.length - y.shape.length;
  return y.dtype === x.dtype && axes.every((d) => d < lead || y.shape[d - lead] === 1);
};
/** Such an operand in the shape of the result. */
const lower = (y: Node, x: NodeType, axes: Axes): Node => {
  const lead = x.shape.length - y.shape.length;
  return reshape(
    y,
    y.shape.filter((_, d) => !axes.includes(d + lead)),
  );
};

/** Σ a·s = s Σ a, and Σ a/s = (Σ a)/s, for an s without the summed axes. */
function sumOfProduct(x: Node, axes: Axes, sum: Sum): Node | undefined {
  const [a, b] = x.inputs as [Node, Node];
  const isQuotient = x.op === arithmeticOps.div;
  const [full, flat] = isFlat(b, x, axes) ? [a, b] : [b, a];
  if (!isFlat(flat, x, axes) || (isQuotient && flat === a) || full.dtype !== x.dtype) return undefined;
  const inner = sum(broadcastTo(full, x.shape), axes);
  return broadcastTo((isQuotient ? div : mul)(inner, lower(flat, x, axes)), drop(x.shape, axes));
}

/** Σ (a ± b), term by term where one of them is data, has sufficient statistics, or has no extent along the axes. */
function sumOfTerms(x: Node, axes: Axes, sum: Sum): Node | undefined {
  const [a, b] = x.inputs as [Node, Node];
  const combine = x.op === arithmeticOps.add ? add : sub;
  const reduced = drop(x.shape, axes);
  const whole = (y: Node): Node => sum(broadcastTo(cast(y, x.dtype), x.shape), axes);
  const count = number(
    axes.reduce((n, d) => n * x.shape[d]!, 1),
    x,
  );
  for (const [data, flat] of [
    [a, b],
    [b, a],
  ] as const) {
    if (!isConstant(data) || !isFlat(flat, x, axes) || x.dtype === "int32") continue;
    // Around the mean of the data, so that data far from zero do not lose digits against what they are compared with.
    const mean = div(whole(data), count);
    if (!mean.value!.every(Number.isFinite)) continue;
    const values = broadcastTo(cast(data, x.dtype), x.shape);
    const rest = sum(sub(values, restore(mean, x.shape, axes)), axes);
    const shift = lower(flat, x, axes);
    const centre = mul(count, data === a ? combine(mean, shift) : combine(shift, mean));
    return broadcastTo(data === a ? add(rest, centre) : combine(centre, rest), reduced);
  }
  const separates = (y: Node): boolean =>
    isConstant(y) || isFlat(y, x, axes) || (axes.length === x.shape.length && hasStatistic(y, x, sum));
  return separates(a) || separates(b) ? combine(whole(a), whole(b)) : undefined;
}
const restore = (reduced: Node, shape: readonly number[], axes: Axes): Node =>
  reshape(
    reduced,
    shape.map((n, d) => (axes.includes(d) ? 1 : n)),
  );
const hasStatistic = (y: Node, x: NodeType, sum: Sum): boolean =>
  sizeOf(y.shape) === sizeOf(x.shape) &&
  summarise(y, (z) =>
    sum(
      z,
      Array.from(z.shape, (_, d) => d),
    ),
  ) !== undefined;
