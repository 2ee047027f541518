/** Trees of tensors as loops and branches take and return them. */
import type { DType, Node, Shape } from "../compiler/graph.ts";
import { formatShape, sizeOf } from "../compiler/shapes.ts";
import { cast } from "../ops/casts.ts";
import { type Tensor, type TensorLike, wrap } from "./tensor.ts";
import { flattenTree, type TreeLike, type TreeStructure, unflattenTree } from "./tree.ts";

/** The tree with a tensor in place of everything tensor-like. */
export type TensorTree<T> = T extends Tensor
  ? Tensor
  : T extends TensorLike
    ? Tensor
    : T extends undefined | null
      ? undefined
      : T extends object
        ? { readonly [K in keyof T]: TensorTree<T[K]> }
        : never;
/** What may be given back in place of a tree of tensors. */
export type Back<T> = TreeLike<TensorTree<T>>;

export interface Leaf {
  readonly path: string;
  readonly shape: Shape;
  readonly dtype: DType;
}
/** Paths of the leaves of a tree, beginning with a name. */
export function leafPaths(structure: TreeStructure, name: string): string[] {
  if (structure.kind === "leaf") return [name];
  return structure.children.flatMap((child, i) =>
    leafPaths(child, structure.kind === "array" ? `${name}[${i}]` : `${name}.${structure.keys[i]}`),
  );
}
export const typeOf = ({ shape, dtype }: { readonly shape: Shape; readonly dtype: DType }): string =>
  `${dtype} of shape ${formatShape(shape)}`;

const empty: TreeStructure = { kind: "array", keys: [], children: [] };
const isAbsent = (x: unknown): boolean => x === undefined || x === null;
/** A tree that may be missing. */
export const flattenOptional = (tree: unknown): { leaves: Tensor[]; structure: TreeStructure } =>
  isAbsent(tree) ? { leaves: [], structure: empty } : flattenTree(tree);
export const unflattenOptional = (tree: unknown, structure: TreeStructure, leaves: readonly Node[]): unknown =>
  isAbsent(tree) ? undefined : unflattenTree(structure, leaves.map(wrap));

/** Everything in a loop is a double; other kinds are converted at its border. */
export const double = (x: Node): Node => cast(x, "float64");
export const restored = (x: Node, like: { readonly dtype: DType }): Node => cast(x, like.dtype);

/** One truth value. @throws TypeError for other shapes. */
export function truthOf(what: string, x: Tensor): Node {
  if (sizeOf(x.shape) === 1 && x.rank === 0) return cast(x.node, "bool");
  throw new TypeError(
    `${what} has shape ${formatShape(x.shape)}; one truth value is wanted. Reduce it with all() or any(), or choose element by element with where(condition, a, b).`,
  );
}
