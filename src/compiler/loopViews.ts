/** Rows of loops that are read where they lie: stretches of a larger array, forwards or backwards, need no copy. */
import type { Attrs, Node } from "./graph.ts";
import { type LoopAttrs, loopAttrs, type RowView } from "./loop.ts";
import { apply, isConstant } from "./node.ts";
import { withOrigin } from "./origin.ts";
import { sizeOf } from "./shapes.ts";
import { topological } from "./simplify.ts";

interface Stretch extends RowView {
  readonly base: Node;
}

/** Equal outputs whose loops read rows in place. The last that is done to loops: their inputs are not what they stack any more. */
export function rowsInPlace(outputs: readonly Node[]): readonly Node[] {
  const order = topological(outputs);
  const moved = new Map<Node, Node>();
  for (const node of order) {
    const views = node.op.lowering.kind === "loop" && !isConstant(node) ? viewsOf(node) : undefined;
    const { carries = 0 } = views ? loopAttrs(node.attrs) : {};
    const given = isConstant(node)
      ? node.inputs
      : node.inputs.map((x, i) => moved.get(views?.[i - carries]?.base ?? x)!);
    const same = !views && given.every((x, i) => x === node.inputs[i]);
    const attrs = views ? ({ ...node.attrs, views: views.map(withoutBase) } as unknown as Attrs) : node.attrs;
    moved.set(node, same ? node : withOrigin(node.origin, () => apply(node.op, given, attrs)));
  }
  return outputs.map((x) => moved.get(x)!);
}

const withoutBase = (view: Stretch | undefined): RowView | null =>
  view ? { offset: view.offset, backwards: view.backwards } : null;

/** For each row of a loop the larger array that it is part of; undefined when there is none at all. */
function viewsOf(node: Node): (Stretch | undefined)[] | undefined {
  const { carries, rows, trips }: LoopAttrs = loopAttrs(node.attrs);
  const views = node.inputs.slice(carries, carries + rows).map((x) => {
    const view = rowsOf(x);
    const isUseful = view && view.base !== x && !isConstant(x) && (trips === "fixed" || !view.backwards);
    return isUseful ? view : undefined;
  });
  return views.some((v) => v) ? views : undefined;
}

/** Rows as a stretch of a base, from its lowest element. */
function rowsOf(x: Node): Stretch {
  const along = sliceAlongFirst(x);
  if (along?.step !== -1) return { ...stretchOf(x), backwards: false };
  const inner = stretchOf(x.inputs[0]!);
  const row = sizeOf(x.shape.slice(1));
  return { base: inner.base, offset: inner.offset + (along.start - x.shape[0]! + 1) * row, backwards: true };
}
/** A node as consecutive elements of a base. */
function stretchOf(x: Node): { base: Node; offset: number } {
  if (x.op.lowering.kind === "reshape") return stretchOf(x.inputs[0]!);
  const along = sliceAlongFirst(x);
  if (along?.step !== 1) return { base: x, offset: 0 };
  const inner = stretchOf(x.inputs[0]!);
  return { base: inner.base, offset: inner.offset + along.start * sizeOf(x.shape.slice(1)) };
}
/** A slice that takes the other axes whole. */
function sliceAlongFirst(x: Node): { start: number; step: number } | undefined {
  if (x.op.name !== "slice") return undefined;
  const [base] = x.inputs as [Node];
  const { starts, steps } = x.attrs as { starts: readonly number[]; steps: readonly number[] };
  const whole = base.shape.every((n, d) => d === 0 || (starts[d] === 0 && steps[d] === 1 && x.shape[d] === n));
  return whole ? { start: starts[0]!, step: steps[0]! } : undefined;
}
