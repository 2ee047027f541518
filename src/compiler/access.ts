/** Seeing through index maps: which stored array an operand reads, and at which element for each index of a loop nest. */
import type { DimensionMap, Node, Shape } from "./graph.ts";
import { stridesOf } from "./shapes.ts";

/** An operand traced to the node that holds or computes its numbers: `map` has one entry for each dimension of `base`. */
export interface Source {
  readonly base: Node;
  readonly map: readonly DimensionMap[];
}

const fixed: DimensionMap = { from: -1, offset: 0, step: 1 };
const identity = (shape: Shape): DimensionMap[] =>
  shape.map((n, from) => (n === 1 ? fixed : { from, offset: 0, step: 1 }));

/** Dimensions larger than 1. */
export const squeezed = (shape: Shape): number[] => shape.filter((n) => n !== 1);
/** Whether two shapes differ in dimensions of 1 alone. */
export function sameSqueezed(a: Shape, b: Shape): boolean {
  let i = 0;
  let j = 0;
  for (;;) {
    while (a[i] === 1) i++;
    while (b[j] === 1) j++;
    if (a[i] !== b[j]) return false;
    if (i >= a.length) return true;
    i++;
    j++;
  }
}

/** `inner` maps the base to a node; `outer` maps that node to its user. */
const compose = (inner: readonly DimensionMap[], outer: readonly DimensionMap[]): DimensionMap[] =>
  inner.map(({ from, offset, step }) => {
    if (from < 0) return { from, offset, step };
    const next = outer[from]!;
    return { from: next.from, offset: offset + step * next.offset, step: step * next.step };
  });

/** A reshape that only inserts or drops dimensions of 1, as an index map. */
function thinReshape(node: Node): DimensionMap[] {
  const kept = node.shape.flatMap((n, d) => (n === 1 ? [] : [d]));
  let next = 0;
  return node.inputs[0]!.shape.map((n) => (n === 1 ? fixed : { from: kept[next++]!, offset: 0, step: 1 }));
}

const known: WeakMap<Node, Source> = new WeakMap();

/** Follows views, copies and thin reshapes down to the node that has numbers of its own. */
export function sourceOf(node: Node): Source {
  let source = known.get(node);
  if (source === undefined) {
    source = findSource(node);
    known.set(node, source);
  }
  return source;
}
function findSource(node: Node): Source {
  const { lowering } = node.op;
  const x = node.inputs[0];
  const through = (map: readonly DimensionMap[]): Source => {
    const inner = sourceOf(x!);
    return { base: inner.base, map: compose(inner.map, map) };
  };
  if (lowering.kind === "view") return through(lowering.view(node));
  if (lowering.kind === "identity") return sourceOf(x!);
  if (lowering.kind === "reshape" && sameSqueezed(node.shape, x!.shape)) return through(thinReshape(node));
  return { base: node, map: identity(node.shape) };
}

/** Whether a source reads its base whole and in order. */
export const isWhole = ({ base, map }: Source, shape: Shape): boolean => {
  let next = -1;
  const ordered = map.every(({ from, offset, step }, d) => {
    if (base.shape[d] === 1) return offset === 0;
    const follows = from > next && offset === 0 && step === 1;
    next = from;
    return follows;
  });
  return ordered && sameSqueezed(base.shape, shape);
};

/** An operand of shape `x` under a user of shape `out`: dimension d of the operand is this dimension of the user, or −1. */
export function operandSource(x: Node, out: Shape): Source {
  const inner = sourceOf(x);
  const lead = out.length - x.shape.length;
  return {
    base: inner.base,
    map: compose(
      inner.map,
      x.shape.map((n, d) => (n === 1 ? fixed : { from: d + lead, offset: 0, step: 1 })),
    ),
  };
}

/** Element offset and strides over the loops, which are the dimensions of `out` larger than 1. */
export function elementStrides({ base, map }: Source, out: Shape): { offset: number; strides: number[] } {
  const loops = out.flatMap((n, d) => (n === 1 ? [] : [d]));
  const strides = loops.map(() => 0);
  const own = stridesOf(base.shape);
  let offset = 0;
  map.forEach(({ from, offset: start, step }, d) => {
    offset += start * own[d]!;
    const loop = from < 0 ? -1 : loops.indexOf(from);
    if (loop >= 0) strides[loop]! += step * own[d]!;
  });
  return { offset, strides };
}
