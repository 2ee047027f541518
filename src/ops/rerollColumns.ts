/**
 * Alignment: nodes that stand at the same place of many rows, and what they have in common.
 *
 * The algebra that runs while a model is traced leaves traces of the data: a row whose datum is 1 has lost its product, one
 * whose datum is 0 its sum. Such rows are read as the form of the others with that 1 or 0 put back.
 */
import type { Attrs, Node, Op } from "../compiler/graph.ts";
import { isConstant, scalar } from "../compiler/node.ts";
import { sameShape } from "../compiler/shapes.ts";
import { arithmeticOps } from "./arithmetic.ts";
import { elementOf, isSlice, sliceAttrs } from "./rerollElements.ts";

const { add, sub, neg, mul, div, square } = arithmeticOps;

/** What the nodes at one place of the rows are together. */
export type Column =
  /** One node, or constants that are equal. */
  | { readonly kind: "shared"; readonly node: Node }
  /** Constants. */
  | { readonly kind: "data" }
  /** Numbers of one tensor. */
  | { readonly kind: "elements"; readonly base: Node; readonly indices: readonly number[] }
  /** Slices of one tensor that are one row long and differ in nothing but that row. */
  | { readonly kind: "slices"; readonly base: Node; readonly indices: readonly number[] }
  /** Few distinct nodes, each for many rows; `variables`: nodes that are not looked into. */
  | { readonly kind: "repeated" | "variables"; readonly members: readonly Node[]; readonly indices: readonly number[] }
  /** One operation in every row, on operands that are columns again. */
  | {
      readonly kind: "operation";
      readonly op: Op;
      readonly attrs: Attrs;
      readonly columns: readonly (readonly Node[])[];
    };

/** What has no structure to look into. */
export type IsOpaque = (x: Node) => boolean;
export const isInput: IsOpaque = (x) => x.op.lowering.kind === "input";

/** What a column is, or undefined when its nodes have nothing in common. */
export function columnOf(nodes: readonly Node[], isOpaque: IsOpaque): Column | undefined {
  const [first] = nodes as [Node];
  if (nodes.every((x) => x === first)) return { kind: "shared", node: first };
  if (!nodes.every((x) => x.dtype === first.dtype && sameShape(x.shape, first.shape))) return undefined;
  if (nodes.every(isConstant)) return nodes.every(equals(first)) ? { kind: "shared", node: first } : { kind: "data" };
  return elements(nodes) ?? slices(nodes) ?? few(nodes, isOpaque) ?? operation(nodes);
}

const equals = (a: Node) => {
  const x = a.value!;
  return (b: Node): boolean => b.value!.every((v, i) => Object.is(v, x[i]));
};

function elements(nodes: readonly Node[]): Column | undefined {
  const base = elementOf(nodes[0]!)?.base;
  if (!base) return undefined;
  const indices: number[] = [];
  for (const x of nodes) {
    const element = elementOf(x);
    if (element?.base !== base) return undefined;
    indices.push(element.index);
  }
  return indices.every((index) => index === indices[0])
    ? { kind: "shared", node: nodes[0]! }
    : { kind: "elements", base, indices };
}

function slices(nodes: readonly Node[]): Column | undefined {
  const [first] = nodes as [Node];
  const [base] = first.inputs;
  if (!isSlice(first) || first.shape[0] !== 1) return undefined;
  const like = sliceAttrs(first);
  const fits = (x: Node): boolean =>
    isSlice(x) &&
    x.inputs[0] === base &&
    sameShape(sliceAttrs(x).steps, like.steps) &&
    sameShape(sliceAttrs(x).starts.slice(1), like.starts.slice(1));
  if (!nodes.every(fits)) return undefined;
  const indices = nodes.map((x) => sliceAttrs(x).starts[0]!);
  return indices.every((index) => index === indices[0])
    ? { kind: "shared", node: first }
    : { kind: "slices", base: base!, indices };
}

/** Nodes in the order in which they were made, so that the same ones make the same column wherever they are read. */
function few(nodes: readonly Node[], isOpaque: IsOpaque): Column | undefined {
  const distinct = new Set(nodes);
  const areOpaque = nodes.every(isOpaque);
  if (!areOpaque && distinct.size * 2 > nodes.length) return undefined;
  const members = [...distinct].sort((a, b) => a.id - b.id);
  const place = new Map(members.map((x, i) => [x, i]));
  return { kind: areOpaque ? "variables" : "repeated", members, indices: nodes.map((x) => place.get(x)!) };
}

function operation(nodes: readonly Node[]): Column | undefined {
  const { op } = nodes[0]!;
  if (nodes.every((x) => x.op === op)) return sameOperation(nodes);
  const isNumber = nodes[0]!.shape.length === 0 && nodes[0]!.dtype === "float64";
  return isNumber && !nodes.some(isConstant) ? mixedOperations(nodes) : undefined;
}

const isEmpty = (attrs: Attrs): boolean => {
  for (const _name in attrs) return false;
  return true;
};
const sameAttrs = (a: Attrs, b: Attrs): boolean =>
  a === b || (isEmpty(a) && isEmpty(b)) || JSON.stringify(a) === JSON.stringify(b);

function sameOperation(nodes: readonly Node[]): Column | undefined {
  const [first] = nodes as [Node];
  const { op, attrs, inputs } = first;
  if (inputs.length === 0) return undefined;
  if (!nodes.every((x) => x.inputs.length === inputs.length && sameAttrs(x.attrs, attrs))) return undefined;
  const columns = inputs.map((_, i) => nodes.map((x) => x.inputs[i]!));
  return { kind: "operation", op, attrs, columns: isEven(op) ? [evenArgument(columns[0]!)] : columns };
}

const isEven = (op: Op): boolean => op === square || op.name === "abs";

/** Of an even function the sign of the argument is free: 0 − x, which tracing made x, beside y − x. */
function evenArgument(column: readonly Node[]): readonly Node[] {
  const core = (x: Node): Node => (x.op === div ? x.inputs[0]! : x);
  const isResidual = (x: Node): boolean => core(x).op === sub;
  if (!column.some(isResidual) || column.every(isResidual) || column.some(isConstant)) return column;
  const restored = (x: Node): Node => {
    const difference = form(sub, [zero, core(x)], x);
    return x.op === div ? form(div, [difference, x.inputs[1]!], x) : difference;
  };
  return column.map((x) => (isResidual(x) ? x : restored(x)));
}

const zero = scalar(0);
const one = scalar(1);

/** A node that is only looked at: in a graph the algebra would simplify it away. */
function form(op: Op, inputs: readonly Node[], like: Node): Node {
  const { shape, dtype, origin, id } = like;
  const node: Node = { op, inputs, attrs: {}, shape, dtype, value: undefined, origin, id };
  forms.add(node);
  return node;
}
const forms: WeakSet<Node> = new WeakSet();
/** Whether a node is only a way to write another one, and must not get into a graph. */
export const isForm = (x: Node): boolean => forms.has(x);

/** −x, with the sign as far inside as it was before the algebra moved it. */
function minus(x: Node): Node {
  if (x.op === neg) return x.inputs[0]!;
  if (x.op === sub) return form(sub, [x.inputs[1]!, x.inputs[0]!], x);
  if (x.op === div) return form(div, [minus(x.inputs[0]!), x.inputs[1]!], x);
  const product = scaled(x);
  return product ? form(mul, [product[0], scalar(-product[1].value![0]!)], x) : form(neg, [x], x);
}

/** The number `sign · x` as a node to look at. */
export const signed = (x: Node, sign: number): Node => (sign < 0 ? scaledForm(minus(x)) : x);
const scaledForm = (x: Node): Node => (x.op === neg ? form(mul, [x.inputs[0]!, scalar(-1)], x) : x);

const isNumber = (x: Node): boolean => isConstant(x) && x.shape.length === 0 && x.dtype === "float64";
/** A product with a constant: the other factor and the constant. */
function scaled(x: Node): readonly [Node, Node] | undefined {
  if (x.op !== mul) return undefined;
  const [a, b] = x.inputs as [Node, Node];
  if (isNumber(b)) return [a, b];
  return isNumber(a) ? [b, a] : undefined;
}
/** A sum with a constant, likewise. */
function shifted(x: Node): readonly [Node, Node] | undefined {
  const [a, b] = x.inputs as [Node, Node];
  if (x.op === sub && isNumber(b)) return [a, scalar(-b.value![0]!)];
  if (x.op !== add) return undefined;
  if (isNumber(b)) return [a, b];
  return isNumber(a) ? [b, a] : undefined;
}

type Rewrite = (nodes: readonly Node[]) => readonly Node[] | undefined;

/** Different operations on the same place: the ways to write all of them as one. */
function mixedOperations(nodes: readonly Node[]): Column | undefined {
  for (const rewrite of [signsInwards, sumsAndDifferences, products, sums, differences]) {
    const alike = rewrite(nodes);
    if (alike) return sameOperation(alike);
  }
  return undefined;
}

const isNeg = (x: Node): boolean => x.op === neg;

/** −(p/q) beside p/q, and −x beside y − x. */
const signsInwards: Rewrite = (nodes) => {
  if (!nodes.some(isNeg)) return undefined;
  const rest = nodes.filter((x) => !isNeg(x));
  if (rest.every((x) => x.op === sub)) return nodes.map((x) => (isNeg(x) ? form(sub, [zero, x.inputs[0]!], x) : x));
  const isQuotient = (x: Node): boolean => (isNeg(x) ? x.inputs[0]! : x).op === div;
  return nodes.every(isQuotient) ? nodes.map((x) => (isNeg(x) ? minus(x.inputs[0]!) : x)) : undefined;
};

/** a − b, which was a + (−b), beside a + b, or the other way round. */
const sumsAndDifferences: Rewrite = (nodes) => {
  if (!nodes.every((x) => x.op === add || x.op === sub)) return undefined;
  const sum = nodes.find((x) => x.op === add)!;
  const difference = nodes.find((x) => x.op === sub)!;
  if (nodes.filter((x) => x.op === sub).length * 2 > nodes.length)
    return nodes.map((x) => (x.op === sub ? x : form(sub, [x.inputs[0]!, minus(x.inputs[1]!)], x)));
  const [a, b] = sum.inputs as [Node, Node];
  const [p, q] = difference.inputs as [Node, Node];
  const inOrder = isAlike([a, p]) || !isAlike([b, p]) || !isAlike([a, minus(q)]);
  const asSum = ([x, y]: readonly Node[]): Node[] => (inOrder ? [x!, minus(y!)] : [minus(y!), x!]);
  return nodes.map((x) => (x.op === add ? x : form(add, asSum(x.inputs), x)));
};

/** x, which was x · 1, and −x beside x · c. */
const products: Rewrite = (nodes) => {
  const asProduct = (x: Node): Node => {
    const product = scaled(scaledForm(x));
    return form(mul, product ?? [x, one], x);
  };
  return nodes.some((x) => scaled(scaledForm(x))) ? nodes.map(asProduct) : undefined;
};

/** x, which was x + 0, beside x + c. */
const sums: Rewrite = (nodes) =>
  nodes.some(shifted) ? nodes.map((x) => form(add, shifted(x) ?? [x, zero], x)) : undefined;

/** x, which was 0 − (−x), beside c − x. */
const differences: Rewrite = (nodes) => {
  const isResidual = (x: Node): boolean => x.op === sub && isNumber(x.inputs[0]!);
  if (!nodes.some(isResidual)) return undefined;
  return nodes.map((x) => (isResidual(x) ? x : form(sub, [zero, minus(x)], x)));
};

/** How deep alignment looks when it compares forms; recurrences are deeper. */
const depthLimit = 64;

/** Whether nodes can stand at one place of many rows. */
export function isAlike(nodes: readonly Node[], depth = 0): boolean {
  if (depth > depthLimit) return false;
  const column = columnOf(nodes, isInput);
  if (!column) return false;
  if (column.kind === "repeated") return isAlike(column.members, depth + 1);
  return column.kind !== "operation" || column.columns.every((c) => isAlike(c, depth + 1));
}
