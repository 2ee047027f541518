/** From rows to columns: an operation that every row applies to its own operands, applied once to all of them. */
import type { Attrs, Node, Op, Shape } from "../compiler/graph.ts";
import { apply, isConstant } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { sameShape } from "../compiler/shapes.ts";
import { arithmeticOps } from "./arithmetic.ts";
import { take } from "./indexing.ts";
import { concat, stack } from "./joins.ts";
import { matmul } from "./linalg.ts";
import { applyMap, broadcastTo } from "./map.ts";
import { columnOf, type IsOpaque, isForm, isInput } from "./rerollColumns.ts";
import { Interned, pickElements, pickRows, type SliceAttrs } from "./rerollElements.ts";
import { reshape, transpose } from "./shape.ts";

/** What the nodes of a column become: one node with the rows along its first axis, or without that axis where all rows are equal. */
export interface Rolled {
  readonly node: Node;
  readonly isStacked: boolean;
}

/** An operation over rows: how many there are, what it is applied to, and the shape of one result. */
interface Lift {
  readonly op: Op;
  readonly attrs: Attrs;
  readonly operands: readonly Rolled[];
  readonly rows: number;
  readonly shape: Shape;
}
type LiftRule = (lift: Lift) => Node | undefined;

/** The shape of one row. */
const rowShape = ({ node, isStacked }: Rolled): Shape => (isStacked ? node.shape.slice(1) : node.shape);
/** Dimensions of 1 after the rows, so that a row broadcasts as it did. */
const aligned = (x: Rolled, rank: number): Node => {
  const own = rowShape(x);
  if (!x.isStacked || own.length === rank) return x.node;
  return reshape(x.node, [x.node.shape[0]!, ...new Array<number>(rank - own.length).fill(1), ...own]);
};
const everyRow = (x: Rolled, rows: number): Node =>
  x.isStacked ? x.node : broadcastTo(x.node, [rows, ...x.node.shape]);

const isReduction = (op: Op): boolean => ["sum", "prod", "max", "min"].includes(op.name);

const liftMap: LiftRule = ({ op, operands, shape }) => applyMap(op, ...operands.map((x) => aligned(x, shape.length)));

const liftReduce: LiftRule = ({ op, attrs, operands: [x] }) => {
  if (!isReduction(op)) return undefined;
  const axes = attrs.axes as readonly number[];
  const product = op.name === "sum" && axes.length === 1 ? matrixVector(x!.node) : undefined;
  return product ?? apply(op, [x!.node], { axes: axes.map((d) => d + 1) });
};

/** Σⱼ dataᵢⱼ θⱼ is the product of a matrix and a vector. */
function matrixVector(x: Node): Node | undefined {
  if (x.op !== arithmeticOps.mul || x.shape.length !== 2) return undefined;
  const [a, b] = x.inputs as [Node, Node];
  const [matrix, vector] = isConstant(a) ? [a, b] : [b, a];
  const fits = isConstant(matrix) && sameShape(matrix.shape, x.shape) && sameShape(vector.shape, x.shape.slice(1));
  return fits ? matmul(matrix, vector) : undefined;
}

const liftGather: LiftRule = ({ operands: [x, indices] }) => {
  if (!x!.isStacked) return take(x!.node, indices!.node);
  return indices!.isStacked ? undefined : take(x!.node, indices!.node, 1);
};

const liftMatmul: LiftRule = ({ operands: [a, b], rows, shape }) => {
  const [left, right] = [rowShape(a!), rowShape(b!)];
  if (left.length !== 2 || right.length !== 2) return undefined;
  // One matrix, or row vector, before many columns: the columns are the rows of a matrix.
  if (!a!.isStacked && right[1] === 1) {
    const columns = reshape(b!.node, [rows, right[0]!]);
    return reshape(matmul(columns, transpose(a!.node)), [rows, ...shape]);
  }
  return matmul(a!.node, b!.node);
};

const liftSlice: LiftRule = ({ op, attrs, operands: [x], rows }) => {
  if (op.name !== "slice") return undefined;
  const { starts, steps, shape } = attrs as unknown as SliceAttrs;
  return apply(op, [x!.node], { starts: [0, ...starts], steps: [1, ...steps], shape: [rows, ...shape] });
};

const liftView: LiftRule = (lift) => {
  const { op, attrs, operands, rows, shape } = lift;
  const [x] = operands as [Rolled];
  if (op.name === "broadcast") return broadcastTo(aligned(x, shape.length), [rows, ...shape]);
  if (op.name === "transpose") return transpose(x.node, [0, ...(attrs.perm as number[]).map((d) => d + 1)]);
  return liftSlice(lift);
};

/** By what an operation is to the compiler; those that are not here stay as they are. */
const liftRules: Readonly<Partial<Record<Op["lowering"]["kind"], LiftRule>>> = {
  map: liftMap,
  reduce: liftReduce,
  view: liftView,
  reshape: ({ operands: [x], rows, shape }) => reshape(x!.node, [rows, ...shape]),
  gather: liftGather,
  matmul: liftMatmul,
  concat: ({ attrs, operands, rows }) =>
    concat(
      operands.map((x) => everyRow(x, rows)),
      (attrs.axis as number) + 1,
    ),
  identity: ({ op, attrs, operands: [x] }) => apply(op, [x!.node], attrs),
};

/** An operation applied to all rows of its operands at once, of which some are stacked; undefined where there is no such form. */
export function liftOperation(
  { op, attrs, shape }: Pick<Node, "op" | "attrs" | "shape">,
  operands: readonly Rolled[],
  rows: number,
): Node | undefined {
  const lifted = liftRules[op.lowering.kind]?.({ op, attrs, operands, rows, shape });
  return lifted && broadcastTo(lifted, [rows, ...shape]);
}

/** Forms nested deeper than this are left alone. */
const deepest = 400;

/** Builds the columns of one graph; equal columns are built once. */
export class Lifter {
  readonly #interned: Interned = new Interned();
  readonly #known: Map<Node, { readonly nodes: readonly Node[]; readonly rolled: Rolled | undefined }[]> = new Map();
  readonly #stacks: { readonly places: ReadonlyMap<Node, number>; readonly node: Node }[] = [];

  readonly #isOpaque: IsOpaque;
  #depth = 0;

  /**
   * @param isOpaque - which nodes are put side by side and not looked into: inputs unless given
   */
  constructor(isOpaque: IsOpaque = isInput) {
    this.#isOpaque = isOpaque;
  }

  /** The nodes of a column as one node, or undefined when they have too little in common. */
  roll(nodes: readonly Node[]): Rolled | undefined {
    const [first] = nodes as [Node];
    const alike = this.#known.get(first) ?? [];
    const found = alike.find((c) => c.nodes.length === nodes.length && c.nodes.every((x, i) => x === nodes[i]));
    if (found) return found.rolled;
    this.#depth++;
    const rolled = this.#depth > deepest ? undefined : withOrigin(first.origin, () => this.#build(nodes));
    this.#depth--;
    if (alike.length === 0) this.#known.set(first, alike);
    alike.push({ nodes, rolled });
    return rolled;
  }

  #build(nodes: readonly Node[]): Rolled | undefined {
    const column = columnOf(nodes, this.#isOpaque);
    if (!column) return undefined;
    const { shape } = nodes[0]!;
    const stacked = (node: Node): Rolled => ({ node, isStacked: true });
    switch (column.kind) {
      case "shared":
        return { node: column.node, isStacked: false };
      case "data":
        return stacked(this.#interned.stack(nodes));
      case "elements":
        return stacked(pickElements(column.base, column.indices, shape, this.#interned));
      case "slices":
        return stacked(this.#slices(nodes, column.base, column.indices));
      case "variables":
        return stacked(this.#variables(column.members, column.indices));
      case "repeated": {
        const rolled = this.roll(column.members);
        return rolled?.isStacked ? stacked(pickRows(rolled.node, column.indices, this.#interned)) : rolled;
      }
      case "operation":
        return this.#operation(nodes, column.op, column.attrs, column.columns);
    }
  }

  #operation(nodes: readonly Node[], op: Op, attrs: Attrs, columns: readonly (readonly Node[])[]): Rolled | undefined {
    if (!liftRules[op.lowering.kind]) return undefined;
    const [first] = nodes as [Node];
    const operands: Rolled[] = [];
    for (const column of columns) {
      const rolled = this.roll(column);
      if (!rolled) return undefined;
      operands.push(rolled);
    }
    if (!operands.some((x) => x.isStacked)) {
      const whole = operands.map((x) => x.node);
      return { node: isForm(first) ? apply(op, whole, attrs) : first, isStacked: false };
    }
    const node = liftOperation({ op, attrs, shape: first.shape }, operands, nodes.length);
    return node && { node, isStacked: true };
  }

  /** Rows of one tensor, each a slice of length 1. */
  #slices(nodes: readonly Node[], base: Node, indices: readonly number[]): Node {
    const [first] = nodes as [Node];
    const { starts, steps, shape } = first.attrs as unknown as SliceAttrs;
    const along = <T>(row: T, rest: readonly T[]): T[] => [row, ...rest.slice(1)];
    const whole = [base.shape[0]!, ...shape.slice(1)];
    const narrow = sameShape(whole, base.shape)
      ? base
      : apply(first.op, [base], { starts: along(0, starts), steps: along(1, steps), shape: whole });
    return reshape(pickRows(narrow, indices, this.#interned), [nodes.length, ...shape]);
  }

  /** Nodes side by side, and the rows picked from them. */
  #variables(members: readonly Node[], indices: readonly number[]): Node {
    let found = this.#stacks.find(({ places }) => members.every((x) => places.has(x)));
    if (!found) {
      found = { places: new Map(members.map((x, i) => [x, i])), node: stack(members, 0) };
      this.#stacks.push(found);
    }
    const { places, node } = found;
    return pickRows(
      node,
      indices.map((i) => places.get(members[i]!)!),
      this.#interned,
    );
  }
}
