/** Trees: nested arrays and plain objects with tensors at the leaves, as derivatives and programs take and return them. */
import { asTensor, isTensor, type Tensor, type TensorLike } from "./tensor.ts";

/** What may be given where a function takes the tree `T` of tensors: the same structure with anything tensor-like at the leaves. */
export type TreeLike<T> = T extends Tensor ? TensorLike : { readonly [K in keyof T]: TreeLike<T[K]> };

/** How to put leaves back: the structure without the tensors. */
export interface TreeStructure {
  readonly kind: "leaf" | "array" | "object";
  readonly keys: readonly string[];
  readonly children: readonly TreeStructure[];
}

const leaf: TreeStructure = { kind: "leaf", keys: [], children: [] };

/** An array is a leaf (a tensor) when it holds numbers all the way down, else a branch. */
const isNumeric = (x: unknown): boolean =>
  typeof x === "number" || typeof x === "boolean" || (Array.isArray(x) && x.length > 0 && x.every(isNumeric));
const isLeaf = (x: unknown): boolean => isTensor(x) || isNumeric(x) || ArrayBuffer.isView(x);

/** Leaves in order (objects by insertion order of keys), and the structure. @throws TypeError for leaves that are no tensors. */
export function flattenTree(tree: unknown): { leaves: Tensor[]; structure: TreeStructure } {
  const leaves: Tensor[] = [];
  const visit = (x: unknown): TreeStructure => {
    if (isLeaf(x)) {
      leaves.push(asTensor(x as TensorLike));
      return leaf;
    }
    if (Array.isArray(x)) return { kind: "array", keys: [], children: x.map(visit) };
    if (x !== null && typeof x === "object") {
      const keys = Object.keys(x);
      return { kind: "object", keys, children: keys.map((key) => visit((x as Record<string, unknown>)[key])) };
    }
    leaves.push(asTensor(x as TensorLike));
    return leaf;
  };
  return { structure: visit(tree), leaves };
}

/**
 * Leaves of a tree that has the structure of another, in the order of that one; whatever is tensor-like stands for a leaf.
 * @throws TypeError naming the branch at which they differ.
 */
export function flattenLike(tree: unknown, structure: TreeStructure, what: string): Tensor[] {
  const leaves: Tensor[] = [];
  const visit = (x: unknown, s: TreeStructure, path: string): void => {
    if (s.kind === "leaf") {
      leaves.push(asTensor(x as TensorLike));
      return;
    }
    const keys = s.kind === "array" ? s.children.map((_, i) => String(i)) : s.keys;
    const given = x !== null && typeof x === "object" && !isTensor(x) ? Object.keys(x) : [];
    const odd = given.find((key) => !keys.includes(key)) ?? keys.find((key) => !given.includes(key));
    if (odd !== undefined || Array.isArray(x) !== (s.kind === "array")) {
      const wanted = s.kind === "array" ? `an array of ${keys.length}` : `an object with keys ${keys.join(", ")}`;
      throw new TypeError(
        `${what}${path} must be ${wanted}, got ${isTensor(x) ? "a tensor" : given.length ? `keys ${given.join(", ")}` : String(x)}.`,
      );
    }
    s.children.forEach((child, i) => {
      visit((x as Record<string, unknown>)[keys[i]!], child, `${path}.${keys[i]}`);
    });
  };
  visit(tree, structure, "");
  return leaves;
}

/** Puts leaves back in place. */
export function unflattenTree(structure: TreeStructure, leaves: readonly Tensor[]): unknown {
  let next = 0;
  const build = (s: TreeStructure): unknown => {
    if (s.kind === "leaf") return leaves[next++]!;
    const children = s.children.map(build);
    return s.kind === "array" ? children : Object.fromEntries(s.keys.map((key, i) => [key, children[i]]));
  };
  return build(structure);
}
