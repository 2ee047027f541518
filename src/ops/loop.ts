/**
 * Loops: a body that runs many times, each time on what the time before gave. One node, one flat result (src/compiler/loop.ts),
 * of which the user sees slices.
 */
import type { Attrs, JvpRule, Node, Op, Shape, VjpRule } from "../compiler/graph.ts";
import { type LoopAttrs, layoutOf, loopAttrs, type Segment, type Trips } from "../compiler/loop.ts";
import { Body } from "../compiler/loopBody.ts";
import { lowerBody, pruneLoops } from "../compiler/loopPrune.ts";
import { planLoop } from "../compiler/loopSchedule.ts";
import { rowsInPlace } from "../compiler/loopViews.ts";
import { apply, inputNode, isConstant, scalar } from "../compiler/node.ts";
import { simplify } from "../compiler/simplify.ts";
import { add } from "./arithmetic.ts";
import { broadcast } from "./broadcast.ts";
import { moving } from "./loopActivity.ts";
import { checkpointLoops, recordLimit } from "./loopCheckpoint.ts";
import { derivatives } from "./loopDerivatives.ts";
import { evaluateLoop } from "./loopEvaluate.ts";
import { segmentOf } from "./loopFlat.ts";
import { closeGraph } from "./loopGraph.ts";
import { hoistRows, type Rows } from "./loopHoist.ts";
import { splitLoops } from "./loopSplit.ts";
import { broadcastTo } from "./map.ts";
import { withPasses } from "./passes.ts";
import { concat, reshape, slice } from "./shape.ts";

export const loop: Op = {
  name: "loop",
  infer: (_inputs, attrs) => ({ shape: [layoutOf(loopAttrs(attrs)).total], dtype: "float64" }),
  evaluate: evaluateLoop,
  vjp: (cotangent, node, wanted) => vjpOfLoop(cotangent, node, wanted),
  jvp: (tangents, node) => jvpOfLoop(tangents, node),
  lower: (inputs, attrs) => {
    const { body, test } = loopAttrs(attrs);
    return apply(loop, inputs, { ...attrs, body: lowered(body), ...(test && { test: lowered(test) }) });
  },
  lowering: { kind: "loop", plan: planLoop, prune: (outputs, inputs) => rowsInPlace(reduced(outputs, inputs)) },
};

/** Loops as a program needs them. What they were replaced by is simplified with the rest of the graph. */
function reduced(outputs: readonly Node[], inputs: readonly Node[]): readonly Node[] {
  const changes = [
    (x: readonly Node[]) => checkpointLoops(x, Infinity),
    splitLoops,
    (x: readonly Node[]) => checkpointLoops(x, recordLimit),
  ];
  return changes.reduce((before, change) => {
    const after = change(before);
    return after.every((x, i) => x === before[i]) ? before : pruneLoops(simplify(after, inputs));
  }, pruneLoops(outputs));
}

/** In sums of few terms a product saves nothing, and its parts keep a body out of registers. */
const lowered = (body: Body): Body => withPasses({ logProducts: false }, () => lowerBody(body));

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
 * Makes the node of a loop and gives its results. What does not change from step to step is taken out of the body first,
 * carried values that stay what they are included.
 */
export function makeLoop(parts: LoopParts): LoopResults {
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
  const node = idle ? undefined : apply(loop, inputs, attrs as unknown as Attrs);
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

/**
 * The adjoint: a loop over the recorded steps in the other direction. It carries the cotangents of what was carried, and
 * the sums of those of what the body closes over.
 */
const vjpOfLoop: VjpRule = (cotangent, node, wanted) => {
  const attrs = loopAttrs(node.attrs);
  const { body, carries, rows, length, reverse } = attrs;
  const layout = layoutOf(attrs);
  const closures = body.inputs.slice(carries + rows);
  const varied = moving(attrs, (i) => wanted[i] === true);
  const of = (segments: readonly Segment[]): (Node | undefined)[] => segments.map((s) => segmentOf(cotangent, s));
  const [gFinals, gResults, gRecords] = [of(layout.finals), of(layout.results), of(layout.records)];
  const placeholder = (g: Node | undefined, shape: Shape): Node | undefined =>
    g && inputNode(shape, "float64", "cotangent");
  const fromResults = gResults.map((g, j) => placeholder(g, body.outputs[carries + j]!.shape));
  const fromRecords = gRecords.map((g, k) => placeholder(varied.has(k) ? g : undefined, body.inputs[k]!.shape));
  const adjoints = body.inputs.slice(0, carries).map((x) => inputNode(x.shape, "float64", "adjoint"));
  const variables = body.inputs.filter((_, i) => (i < carries ? varied.has(i) : wanted[i]));
  // A carried value has a cotangent only if something that has one is made of it.
  const active = new Set([...varied].filter((k) => gFinals[k] || gRecords[k]));
  let parts = new Map<Node, Node | undefined>();
  for (let before = -1; before < active.size; ) {
    before = active.size;
    const seeds = body.outputs.map((_, k) =>
      k >= carries ? fromResults[k - carries] : active.has(k) ? adjoints[k] : undefined,
    );
    const seeded = body.outputs.flatMap((x, k) => (seeds[k] ? [{ output: x, seed: seeds[k] }] : []));
    const found = derivatives.pullback(
      seeded.map((s) => s.output),
      seeded.map((s) => s.seed),
      variables,
    );
    parts = new Map(variables.map((x, i) => [x, found[i]]));
    for (const k of varied) if (parts.get(body.inputs[k]!)) active.add(k);
  }
  const sum = (a: Node | undefined, b: Node | undefined, shape: Shape): Node =>
    a && b ? add(a, b) : (a ?? b ?? zeros(shape));
  const lambdas = [...active].map((k) => {
    const input = body.inputs[k]!;
    return {
      k,
      carry: {
        init: gFinals[k] ?? zeros(input.shape),
        input: adjoints[k]!,
        output: sum(parts.get(input), fromRecords[k], input.shape),
      },
    };
  });
  const totals = closures.flatMap((x) => {
    const part = parts.get(x);
    const total = inputNode(x.shape, "float64", "total");
    return part ? [{ x, carry: { init: zeros(x.shape), input: total, output: add(total, part) } }] : [];
  });
  const rowParts = body.inputs
    .slice(carries, carries + rows)
    .flatMap((x) => (parts.get(x) ? [{ x, part: parts.get(x)! }] : []));
  const stacked = (inputs: readonly (Node | undefined)[], given: readonly (Node | undefined)[]): Rows[] =>
    inputs.flatMap((input, k) => (input && given[k] ? [{ input, stacked: given[k] }] : []));
  const made = makeLoop({
    ...tripsOf(node),
    length,
    reverse: !reverse,
    checkpoint: attrs.checkpoint ?? (layout.records.reduce((n, s) => n + s.size, 0) > recordLimit || undefined),
    carries: [...lambdas, ...totals].map((x) => x.carry),
    rows: [
      ...layout.records.map((s, k) => ({ input: body.inputs[k]!, stacked: view(node, s) })),
      ...node.inputs.slice(carries, carries + rows).map((x, j) => ({ input: body.inputs[carries + j]!, stacked: x })),
      ...stacked(fromResults, gResults),
      ...stacked(fromRecords, gRecords),
    ],
    results: rowParts.map((r) => r.part),
    bound: new Map(closures.map((x, i) => [x, node.inputs[carries + rows + i]!])),
  });
  return node.inputs.map((_, i) => {
    if (!wanted[i]) return undefined;
    const own = body.inputs[i]!;
    if (i < carries) {
      const at = lambdas.findIndex((l) => l.k === i);
      return at < 0 ? undefined : made.finals[at];
    }
    if (i < carries + rows) {
      const at = rowParts.findIndex((r) => r.x === own);
      return at < 0 ? undefined : made.results[at];
    }
    const at = totals.findIndex((t) => t.x === own);
    return at < 0 ? undefined : made.finals[lambdas.length + at];
  });
};

/** The tangent: a loop over the recorded steps in the same direction. */
const jvpOfLoop: JvpRule = (tangents, node) => {
  const attrs = loopAttrs(node.attrs);
  const { body, carries, rows, length, reverse } = attrs;
  const layout = layoutOf(attrs);
  const varied = moving(attrs, (i) => tangents[i] !== undefined);
  const inputs = body.inputs.map((x, i) =>
    (i < carries ? varied.has(i) : tangents[i]) ? inputNode(x.shape, "float64", "tangent") : undefined,
  );
  const variables = body.inputs.filter((_, i) => inputs[i]);
  const moved = derivatives.pushforward(
    body.outputs,
    variables,
    inputs.filter((x) => x !== undefined),
  );
  const order = [...varied];
  const records = order.map((k) => inputs[k]!);
  const results = moved.slice(carries).flatMap((t) => (t ? [t] : []));
  const made = makeLoop({
    ...tripsOf(node),
    length,
    reverse,
    carries: order.map((k) => ({
      init: tangents[k] ?? zeros(body.inputs[k]!.shape),
      input: inputs[k]!,
      output: moved[k] ?? zeros(body.inputs[k]!.shape),
    })),
    rows: [
      ...layout.records.map((s, k) => ({ input: body.inputs[k]!, stacked: view(node, s) })),
      ...node.inputs.slice(carries, carries + rows).map((x, j) => ({ input: body.inputs[carries + j]!, stacked: x })),
      ...node.inputs
        .slice(carries, carries + rows)
        .flatMap((_, j) =>
          tangents[carries + j] ? [{ input: inputs[carries + j]!, stacked: tangents[carries + j]! }] : [],
        ),
    ],
    results: [...records, ...results],
    bound: new Map(
      body.inputs.flatMap((x, i) => {
        if (i < carries + rows) return [];
        const own: [Node, Node] = [x, node.inputs[i]!];
        return tangents[i] ? [own, [inputs[i]!, tangents[i]!] as [Node, Node]] : [own];
      }),
    ),
  });
  let next = order.length;
  const flat = (x: Node | undefined, { size }: Segment): Node => (x ? reshape(x, [size]) : zeros([size]));
  const pieces = [
    ...layout.finals.map((s, k) => flat(made.finals[order.indexOf(k)], s)),
    ...layout.results.map((s, j) => flat(moved[carries + j] ? made.results[next++] : undefined, s)),
    ...layout.records.map((s, k) => flat(made.results[order.indexOf(k)], s)),
    ...(layout.count ? [zeros([1])] : []),
  ];
  return concat(
    pieces.filter((x) => x.shape[0] !== 0),
    0,
  );
};

/** The number of steps of a loop, for loops that follow its records. */
export function tripsOf(node: Node): { readonly trips: "fixed" | "counted"; readonly count?: Node } {
  const attrs = loopAttrs(node.attrs);
  if (attrs.trips === "fixed") return { trips: "fixed" };
  if (attrs.trips === "counted") return { trips: "counted", count: node.inputs.at(-1)! };
  return { trips: "counted", count: view(node, layoutOf(attrs).count!) };
}

export const zeros = (shape: Shape): Node => broadcastTo(scalar(0), shape);
