/** Making loops from their parts: what does not change from step to step is taken out, the flat result is seen in slices. */
import type { Attrs, Node, Op, Shape } from "../compiler/graph.ts";
import { type LoopAttrs, layoutOf, type Segment, type Trips } from "../compiler/loop.ts";
import { Body } from "../compiler/loopBody.ts";
import { apply, isConstant, scalar } from "../compiler/node.ts";
import { broadcast } from "./broadcast.ts";
import { closeGraph } from "./loopGraph.ts";
import { hoistRows, type Rows } from "./loopHoist.ts";
import { broadcastTo } from "./map.ts";
import { reshape, slice } from "./shape.ts";

/** A value that goes from step to step: what it is first, what the body reads, and what the body makes of it. Float64. */
export interface Carry {
  readonly init: Node;
  readonly input: Node;
  readonly output: Node;
}
export interface LoopParts {
  readonly trips: Trips;
  readonly length: number;
  readonly reverse: boolean;
  readonly carries: readonly Carry[];
  readonly rows: readonly Rows[];
  /** Float64, stacked by the loop. */
  readonly results: readonly Node[];
  /** For `tested`. */
  readonly test?: Node;
  /** For `counted`: a float64 scalar. */
  readonly count?: Node;
  /** What long loops carry is computed again; see LoopAttrs. Work on their records stays in the loops that read them. */
  readonly checkpoint?: number | boolean | undefined;
  /** What placeholders in the graph stand for outside of it. */
  readonly bound?: ReadonlyMap<Node, Node>;
}
export interface LoopResults {
  readonly finals: readonly Node[];
  readonly results: readonly Node[];
  /** Steps taken, where that is not known beforehand. */
  readonly count: Node | undefined;
}

/** A stretch of a flat result in its own shape. */
export const view = (flat: Node, { start, size, shape }: Segment): Node =>
  reshape(slice(flat, [start], [start + size]), shape);

/** The row that every step reads, when all of them are the same. */
function commonRow(stacked: Node): Node | undefined {
  if (stacked.op !== broadcast) return undefined;
  const [source] = stacked.inputs as [Node];
  const row = stacked.shape.slice(1);
  if (source.shape.length < stacked.shape.length) return broadcastTo(source, row);
  return source.shape[0] === 1 ? broadcastTo(reshape(source, source.shape.slice(1)), row) : undefined;
}

/**
 * Makes the node of a loop, whose record is `op`, and gives its results. What does not change from step to step is taken out of the body first,
 * carried values that stay what they are included.
 */
export function makeLoopOf(op: Op, parts: LoopParts): LoopResults {
  const { trips, length, reverse, test, count } = parts;
  const bound = new Map<Node, Node>(parts.bound);
  const changes = parts.carries.filter(({ input, output, init }) => {
    // Where a test may not come true in time, all that is carried must be able to say so.
    const changes = input !== output || test !== undefined;
    if (!changes) bound.set(input, init);
    return changes;
  });
  const given = parts.rows.filter(({ stacked, input }) => {
    const row = commonRow(stacked);
    if (row) bound.set(input, row);
    return row === undefined;
  });
  const own = [...changes, ...given].map((x) => x.input);
  const outputs = [...changes.map((c) => c.output), ...parts.results, ...(test ? [test] : [])];
  const closed = closeGraph(outputs, own, bound);
  const outerOf = new Map(closed.placeholders.map((p, i) => [p, closed.outer[i]!]));
  const whole = { outputs: closed.outputs, rows: given };
  // Beyond the last step there may be no rows.
  const { outputs: steps, rows: different } =
    trips === "fixed" && !parts.checkpoint ? hoistRows(whole, outerOf, length) : whole;
  const next = steps.slice(0, changes.length);
  const made = steps.slice(changes.length, changes.length + parts.results.length);
  const going = steps.slice(changes.length + parts.results.length);
  const read = reached([...next, ...made, ...going]);
  const rows = different.filter(({ input }) => read.has(input));
  const stored = [...new Set(made)].filter(
    (x) => resultOutside(x) === undefined && !changes.some((c) => c.input === x),
  );
  /** Results that are no work of the loop: rows themselves, and what is the same at every step. */
  function resultOutside(x: Node): Node | undefined {
    const row = different.find((r) => r.input === x);
    if (row) return row.stacked;
    const constant = isConstant(x) ? x : outerOf.get(x);
    return constant && broadcastTo(constant, [length, ...x.shape]);
  }
  const carried = changes.map((c) => c.input);
  const used = closed.placeholders.filter((p) => read.has(p));
  const attrs: LoopAttrs = {
    trips,
    length,
    reverse,
    carries: changes.length,
    rows: rows.length,
    body: new Body([...carried, ...rows.map((r) => r.input), ...used], [...next, ...stored]),
    ...(test && { test: new Body([...carried, ...used], going) }),
    ...(parts.checkpoint !== undefined && { checkpoint: parts.checkpoint }),
  };
  const inputs = [
    ...changes.map((c) => c.init),
    ...rows.map((r) => r.stacked),
    ...used.map((p) => outerOf.get(p)!),
    ...(count ? [count] : []),
  ];
  const layout = layoutOf(attrs);
  const idle = changes.length === 0 && stored.length === 0 && !test;
  const node = idle ? undefined : apply(op, inputs, attrs as unknown as Attrs);
  const finalOf = (c: Carry): Node => {
    const k = changes.indexOf(c);
    return k < 0 ? c.init : view(node!, layout.finals[k]!);
  };
  const resultOf = (x: Node): Node => {
    const k = changes.findIndex((c) => c.input === x);
    return resultOutside(x) ?? view(node!, k >= 0 ? layout.records[k]! : layout.results[stored.indexOf(x)]!);
  };
  return {
    finals: parts.carries.map(finalOf),
    results: made.map(resultOf),
    count: layout.count && node ? view(node, layout.count) : undefined,
  };
}

function reached(outputs: readonly Node[]): Set<Node> {
  const seen = new Set<Node>();
  const pending = [...outputs];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (seen.has(node) || isConstant(node)) continue;
    seen.add(node);
    pending.push(...node.inputs);
  }
  return seen;
}

/** Zeros of a shape. */
export const zeros = (shape: Shape): Node => broadcastTo(scalar(0), shape);
