/** Loops without what nobody reads: results and records of steps, last values, and what only these needed. */
import type { Attrs, Node } from "./graph.ts";
import { type LoopAttrs, layoutOf, loopAttrs, type Segment } from "./loop.ts";
import { Body } from "./loopBody.ts";
import { rowsInPlace } from "./loopViews.ts";
import { apply, isConstant } from "./node.ts";
import { withOrigin } from "./origin.ts";
import { simplify, topological } from "./simplify.ts";

const known: WeakMap<Body, Body> = new WeakMap();

/** A body as a program needs it: folded, lowered, each expression once, without what is not read. */
export function lowerBody(body: Body): Body {
  const lowered =
    known.get(body) ?? new Body(body.inputs, rowsInPlace(pruneLoops(simplify(body.outputs, body.inputs))));
  known.set(body, lowered);
  return lowered;
}

/** Stretches of a loop's result that are read. */
type Reads = readonly (readonly [from: number, to: number])[];

/** The outputs over loops that do no more than they must. */
export function pruneLoops(outputs: readonly Node[]): readonly Node[] {
  const order = topological(outputs);
  if (!order.some(isLoop)) return outputs;
  const reads = readsOf(order, outputs);
  const moved = new Map<Node, Node>();
  const places = new Map<Node, (at: number) => number>();
  let changed = false;
  for (const node of order) {
    const pruned = isLoop(node) ? prune(node, reads.get(node) ?? []) : undefined;
    if (pruned) {
      changed = true;
      const inputs = pruned.inputs.map((x) => moved.get(x)!);
      moved.set(
        node,
        withOrigin(node.origin, () => apply(node.op, inputs, pruned.attrs as unknown as Attrs)),
      );
      places.set(node, pruned.place);
      continue;
    }
    const [source] = node.inputs;
    const place = source && places.get(source);
    const inputs = isConstant(node) ? node.inputs : node.inputs.map((x) => moved.get(x)!);
    const attrs = place ? { ...node.attrs, starts: [place((node.attrs.starts as readonly number[])[0]!)] } : node.attrs;
    const same = !place && inputs.every((x, i) => x === node.inputs[i]);
    moved.set(node, same ? node : withOrigin(node.origin, () => apply(node.op, inputs, attrs)));
  }
  const result = outputs.map((x) => moved.get(x)!);
  // Inputs of a loop that are not read any more may have been all that another was for.
  return changed ? pruneLoops(result) : result;
}

const isLoop = (node: Node): boolean => node.op.lowering.kind === "loop";

function readsOf(order: readonly Node[], outputs: readonly Node[]): Map<Node, Reads> {
  const reads = new Map<Node, (readonly [number, number])[]>();
  const add = (loop: Node, from: number, to: number): void => {
    reads.set(loop, [...(reads.get(loop) ?? []), [from, to]]);
  };
  const whole = (x: Node): void => add(x, 0, x.shape[0]!);
  for (const node of order) {
    if (isConstant(node)) continue;
    for (const x of node.inputs) {
      if (!isLoop(x)) continue;
      const { starts, steps } = node.attrs as { starts?: readonly number[]; steps?: readonly number[] };
      if (node.op.name === "slice" && steps![0] === 1) add(x, starts![0]!, starts![0]! + node.shape[0]!);
      else whole(x);
    }
  }
  for (const x of outputs) if (isLoop(x)) whole(x);
  return reads;
}

interface Pruned {
  readonly attrs: LoopAttrs;
  readonly inputs: readonly Node[];
  /** Where an element of the result is found. */
  readonly place: (at: number) => number;
}
function prune(node: Node, reads: Reads): Pruned | undefined {
  const attrs = loopAttrs(node.attrs);
  const { body, test, carries, rows } = attrs;
  const layout = layoutOf(attrs);
  const isRead = ({ start, size }: Segment): boolean =>
    size > 0 && reads.some(([from, to]) => from < start + size && start < to);
  const results = layout.results.map(isRead);
  const recorded = layout.records.map(isRead);
  const needed = new Set<number>();
  for (let k = 0; k < carries; k++) if (isRead(layout.finals[k]!) || recorded[k]) needed.add(k);
  let read = new Set<Node>();
  for (let before = -1; before < needed.size; ) {
    before = needed.size;
    const made = body.outputs.filter((_, k) => (k < carries ? needed.has(k) : results[k - carries]));
    read = reached(made);
    const tested = test && reached(test.outputs);
    for (let k = 0; k < carries; k++) if (read.has(body.inputs[k]!) || tested?.has(test!.inputs[k]!)) needed.add(k);
  }
  // The test has the closures of the body as inputs of its own.
  const testReads = test ? reached(test.outputs) : new Set<Node>();
  const keeps = body.inputs.map((x, i) => {
    if (i < carries) return needed.has(i);
    const tested = i >= carries + rows && test !== undefined && testReads.has(test.inputs[i - rows]!);
    return read.has(x) || tested;
  });
  const keptRecords = [...needed].sort((a, b) => a - b).map((k) => recorded[k]!);
  const unrecorded = keptRecords.flatMap((is, k) => (is ? [] : [k]));
  const next: LoopAttrs = {
    ...attrs,
    carries: needed.size,
    rows: keeps.slice(carries, carries + rows).filter((k) => k).length,
    body: new Body(
      body.inputs.filter((_, i) => keeps[i]),
      body.outputs.filter((_, k) => (k < carries ? needed.has(k) : results[k - carries])),
    ),
    ...(test && {
      test: new Body(
        test.inputs.filter((_, i) => keeps[i < carries ? i : i + rows]),
        test.outputs,
      ),
    }),
    unrecorded,
  };
  const after = layoutOf(next);
  if (after.total === layout.total && keeps.every((k) => k)) return undefined;
  const before = [...layout.finals, ...layout.results, ...layout.records, ...(layout.count ? [layout.count] : [])];
  const isKept = [
    ...layout.finals.map((_, k) => needed.has(k)),
    ...results,
    ...layout.records.map((_, k) => needed.has(k) && recorded[k]!),
    true,
  ];
  const place = (at: number): number =>
    at - before.reduce((n, s, i) => n + (isKept[i] || s.start > at ? 0 : Math.min(s.size, at - s.start)), 0);
  return { attrs: next, inputs: node.inputs.filter((_, i) => keeps[i] ?? true), place };
}

function reached(outputs: readonly Node[]): Set<Node> {
  return new Set(topological(outputs));
}
