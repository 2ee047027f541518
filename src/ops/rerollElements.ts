/** Reading numbers out of larger tensors at positions that differ from row to row: `theta.at(group[i])`. */
import type { Node, Shape } from "../compiler/graph.ts";
import { constantNode, isConstant } from "../compiler/node.ts";
import { allocate, sameShape, sizeOf, stridesOf } from "../compiler/shapes.ts";
import { constantIndices, take } from "./indexing.ts";
import { reshape, slice } from "./shape.ts";

/** One number of a larger tensor, by its row-major position. */
export interface Element {
  readonly base: Node;
  readonly index: number;
}

export interface SliceAttrs {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly shape: Shape;
}
export const isSlice = (x: Node): boolean => x.op.name === "slice" && x.op.lowering.kind === "view";
export const sliceAttrs = (x: Node): SliceAttrs => x.attrs as unknown as SliceAttrs;

const readers: ReadonlySet<string> = new Set(["slice", "reshape", "gather"]);

/** The number that a node of one element reads from a larger tensor, seen through slices, reshapes and constant gathers. */
export function elementOf(x: Node): Element | undefined {
  if (!readers.has(x.op.name) || sizeOf(x.shape) !== 1) return undefined;
  let base = x;
  let index = 0;
  for (; ; base = base.inputs[0]!) {
    const { kind } = base.op.lowering;
    if (isSlice(base)) index = sliced(base, index);
    else if (kind === "gather" && isConstant(base.inputs[1]!)) index = gathered(base, index);
    else if (kind !== "reshape") break;
  }
  return sizeOf(base.shape) === 1 || isConstant(base) ? undefined : { base, index };
}

/** Where element `index` of a slice lies in what it was cut from. */
function sliced(x: Node, index: number): number {
  const { starts, steps } = sliceAttrs(x);
  const strides = stridesOf(x.inputs[0]!.shape);
  let rest = index;
  let at = 0;
  for (let d = x.shape.length - 1; d >= 0; d--) {
    at += (starts[d]! + steps[d]! * (rest % x.shape[d]!)) * strides[d]!;
    rest = Math.floor(rest / x.shape[d]!);
  }
  return at;
}
function gathered(x: Node, index: number): number {
  const row = sizeOf(x.inputs[0]!.shape.slice(1));
  return x.inputs[1]!.value![Math.floor(index / row)]! * row + (index % row);
}

/** Constants with equal contents are one node, so that equal expressions over them are found to be equal. */
export class Interned {
  readonly #nodes: Map<string, Node[]> = new Map();

  /** The values of constants of one type, one after the other along a fresh first axis. */
  stack(nodes: readonly Node[]): Node {
    const [first] = nodes as [Node];
    const size = sizeOf(first.shape);
    const data = allocate(first.dtype, nodes.length * size);
    nodes.forEach((x, i) => {
      data.set(x.value!, i * size);
    });
    return this.#same(constantNode(data, [nodes.length, ...first.shape], first.dtype));
  }

  indices(indices: readonly number[]): Node {
    return this.#same(constantIndices(Int32Array.from(indices)));
  }

  #same(node: Node): Node {
    const { shape, dtype } = node;
    const value = node.value!;
    const key = `${dtype} ${shape} ${value[0]} ${value[value.length >> 1]} ${value.at(-1)}`;
    const alike = this.#nodes.get(key);
    const found = alike?.find((x) => sameShape(x.shape, shape) && value.every((v, i) => Object.is(v, x.value![i])));
    if (found) return found;
    if (alike) alike.push(node);
    else this.#nodes.set(key, [node]);
    return node;
  }
}

/** Rows of `x` along its first axis; a slice where they follow each other, and `x` itself where they are all of them. */
export function pickRows(x: Node, indices: readonly number[], interned: Interned): Node {
  const [start] = indices as [number];
  if (indices.every((index, i) => index === start + i)) return slice(x, [start], [start + indices.length]);
  return take(x, interned.indices(indices));
}

/** Elements of `base` at row-major positions, each of the given shape of one element. */
export const pickElements = (base: Node, indices: readonly number[], shape: Shape, interned: Interned): Node =>
  reshape(pickRows(reshape(base, [sizeOf(base.shape)]), indices, interned), [indices.length, ...shape]);
