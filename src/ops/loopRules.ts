/** Derivatives of loops, which are loops over what was recorded. */
import type { JvpRule, Node, Shape, VjpRule } from "../compiler/graph.ts";
import { layoutOf, loopAttrs, type Segment } from "../compiler/loop.ts";
import { inputNode } from "../compiler/node.ts";
import { add } from "./arithmetic.ts";
import { concat } from "./joins.ts";
import { moving } from "./loopActivity.ts";
import { recordLimit } from "./loopCheckpoint.ts";
import { derivatives } from "./loopDerivatives.ts";
import { segmentOf } from "./loopFlat.ts";
import type { Rows } from "./loopHoist.ts";
import { makeLoopOf, view, zeros } from "./loopMake.ts";
import { reshape } from "./shape.ts";

/**
 * The adjoint: a loop over the recorded steps in the other direction. It carries the cotangents of what was carried, and
 * the sums of those of what the body closes over.
 */
export const vjpOfLoop: VjpRule = (cotangent, node, wanted) => {
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
  const made = makeLoopOf(node.op, {
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
export const jvpOfLoop: JvpRule = (tangents, node) => {
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
  const made = makeLoopOf(node.op, {
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
function tripsOf(node: Node): { readonly trips: "fixed" | "counted"; readonly count?: Node } {
  const attrs = loopAttrs(node.attrs);
  if (attrs.trips === "fixed") return { trips: "fixed" };
  if (attrs.trips === "counted") return { trips: "counted", count: node.inputs.at(-1)! };
  return { trips: "counted", count: view(node, layoutOf(attrs).count!) };
}
