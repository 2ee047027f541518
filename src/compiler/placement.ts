/**
 * Where nodes are computed: in which loop nest or call, and which results must be in memory.
 *
 * A nest runs over one index space. A node joins the earliest nest of its index space that comes after everything it needs;
 * inside a nest values pass in registers, and only what another step reads is stored.
 */
import { isWhole, operandSource, sameSqueezed, sourceOf, squeezed } from "./access.ts";
import { count, type Draft, fits } from "./fusion.ts";
import type { Node, Shape } from "./graph.ts";
import { matrixVector, productForm, readsWhole } from "./matrixProducts.ts";
import { isConstant } from "./node.ts";
import { formatShape, sizeOf } from "./shapes.ts";

/** Thrown when a graph has something that only the interpreter can do. */
export class NotCompilable extends Error {
  override readonly name = "NotCompilable";
}

/** A step of the program to be: a loop nest, or the call of a kernel, loop or branch. */
export type Slot = { readonly nest: Draft } | { readonly call: Node };

const nestKinds: ReadonlySet<string> = new Set(["map", "gather", "reduce", "scatterAdd"]);
const isNestNode = (node: Node): boolean => nestKinds.has(node.op.lowering.kind);

/** The piece of data that a copy into a concatenation or a padded tensor moves. */
export const pieceOf = (node: Node, piece: number): Node => node.inputs[node.op.lowering.kind === "pad" ? 0 : piece]!;

/** Places all nodes, inputs first. @throws NotCompilable naming the operation that stands in the way. */
export class Placement {
  readonly slots: Slot[] = [];
  /** Step at which a node is computed. */
  readonly stepOf: Map<Node, number> = new Map();
  /** Nodes whose values must be in memory, whole and in order. */
  readonly stored: Set<Node> = new Set();

  constructor(order: readonly Node[], outputs: readonly Node[]) {
    for (const node of order) checkCompilable(node);
    for (const node of order) this.#demand(node);
    for (const node of outputs) this.#store(node);
    for (const node of order) this.#place(node);
    this.#storeAcrossNests();
  }

  /** Operations that want whole arrays in memory say so. */
  #demand(node: Node): void {
    const { kind } = node.op.lowering;
    const [first, second] = node.inputs;
    if (isConstant(node)) return;
    if (kind === "kernel" || kind === "loop" || kind === "branch") for (const x of node.inputs) this.#store(x);
    if (kind === "matmul" && productForm(node) === "call") {
      const product = matrixVector(node);
      for (const x of product ? [product.vector] : node.inputs) this.#store(x);
    }
    if (kind === "matmul" && productForm(node) === "terms") this.#store(matrixVector(node)!.vector);
    if (kind === "gather") for (const x of [first!, second!]) if (!isConstant(x)) this.#store(x);
    if (kind === "scatterAdd" && !isConstant(second!)) this.#store(second!);
    if (kind === "reshape" && sourceOf(node).base === node) this.#store(first!);
  }

  /** Demands that a node's values lie whole in memory; gives the node that holds them. */
  #store(node: Node): Node {
    const holder = this.holder(node);
    this.stored.add(holder);
    return holder;
  }
  /** The node that has the values of `node` whole and in order. */
  holder(node: Node): Node {
    const source = sourceOf(node);
    if (!isWhole(source, node.shape)) return node;
    const { base } = source;
    return base.op.lowering.kind === "reshape" && !isConstant(base) ? this.holder(base.inputs[0]!) : base;
  }

  /** The node whose loop computes `node`'s numbers, for ordering. */
  #producer(node: Node): Node {
    const { base } = sourceOf(node);
    return base.op.lowering.kind === "reshape" && !isConstant(base) ? this.holder(base.inputs[0]!) : base;
  }

  #place(node: Node): void {
    const { kind } = node.op.lowering;
    if (kind === "input" || isConstant(node)) return;
    if (isNestNode(node)) this.#join(node, this.#domain(node), node.inputs);
    else if (kind === "matmul" && productForm(node) !== "call") {
      const product = matrixVector(node)!;
      this.#join(node, [productForm(node) === "terms" ? product.rows : product.columns], [product.vector]);
    } else if (kind === "concat") this.#placePieces(node, node.inputs);
    else if (kind === "pad") this.#placePieces(node, [node.inputs[0]!]);
    else if (kind === "kernel" || kind === "matmul" || kind === "loop" || kind === "branch") {
      this.stepOf.set(node, this.slots.length);
      this.slots.push({ call: node });
    } else if (this.stored.has(node)) this.#join(node, squeezed(node.shape), [node]);
  }

  /** The index space a node is computed over: its own shape, or that of what it reduces. */
  #domain(node: Node): number[] {
    const { kind } = node.op.lowering;
    return squeezed(kind === "reduce" || kind === "scatterAdd" ? node.inputs[0]!.shape : node.shape);
  }

  #join(node: Node, dims: readonly number[], operands: readonly Node[]): void {
    const lower = Math.max(0, ...operands.map((x) => this.#earliest(x, node, dims)));
    const { index, draft } = this.#findNest(dims, lower, node);
    draft.members.push(node);
    count(node, draft);
    this.stepOf.set(node, index);
  }

  #findNest(dims: readonly number[], lower: number, node?: Node): { index: number; draft: Draft } {
    const key = `${dims}`;
    const found = this.slots.findIndex(
      (slot, i) => i >= lower && "nest" in slot && slot.nest.key === key && fits(node, slot.nest),
    );
    if (found >= 0) return { index: found, draft: (this.slots[found] as { nest: Draft }).nest };
    const draft: Draft = {
      dims,
      key,
      members: [],
      copies: [],
      cost: 0,
      heavy: 0,
      before: 0,
      after: 0,
      products: false,
    };
    this.slots.push({ nest: draft });
    return { index: this.slots.length - 1, draft };
  }

  /** First step at which `user` can read `x`: the same one if the value is at hand in its loop, else the next. */
  #earliest(x: Node, user: Node, dims: readonly number[]): number {
    const producer = readsWhole(user) ? this.holder(x) : this.#producer(x);
    const step = this.stepOf.get(producer);
    if (step === undefined) return 0;
    return this.isAtHand(x, producer, user, dims) ? step : step + 1;
  }

  /** Whether `user`, in a nest over `dims`, finds the value of `x` in a register, as `producer` computes it. */
  isAtHand(x: Node, producer: Node, user: Node, dims: readonly number[]): boolean {
    const { kind } = producer.op.lowering;
    const isValue = kind === "map" || kind === "gather" || (kind === "matmul" && productForm(producer) === "terms");
    if (!isValue || readsWhole(user)) return false;
    const shape = this.#indexShape(user);
    const source = user.op.lowering.kind === "matmul" ? sourceOf(x) : operandSource(x, shape);
    return (
      source.base === producer && isWhole(source, shape.length ? shape : x.shape) && sameSqueezed(producer.shape, dims)
    );
  }
  /** The full shape over which a member of a nest reads its operands. */
  #indexShape(user: Node): Shape {
    const { kind } = user.op.lowering;
    if (kind === "reduce" || kind === "scatterAdd") return user.inputs[0]!.shape;
    if (kind === "matmul") return matrixVector(user)!.vector.shape;
    return user.shape;
  }

  /** Concatenation and padding: every piece is stored to its place from the nest that computes it. */
  #placePieces(node: Node, pieces: readonly Node[]): void {
    let last = 0;
    pieces.forEach((piece, i) => {
      const dims = squeezed(piece.shape);
      const producer = this.#producer(piece);
      const step = this.stepOf.get(producer);
      const whole = isWhole(sourceOf(piece), piece.shape) && sourceOf(piece).base === producer;
      const computed = producer.op.lowering.kind === "map" || producer.op.lowering.kind === "gather";
      const lower = step === undefined ? 0 : whole && computed ? step : step + 1;
      const { index, draft } = this.#findNest(dims, lower);
      draft.copies.push({ node, piece: i });
      last = Math.max(last, index);
    });
    this.stepOf.set(node, last);
  }

  /** Values read by another nest than the one that computes them are stored. */
  #storeAcrossNests(): void {
    this.slots.forEach((slot, i) => {
      if ("call" in slot) return;
      for (const user of slot.nest.members) {
        const operands = isNestNode(user)
          ? user.inputs
          : user.op.lowering.kind === "matmul"
            ? [matrixVector(user)!.vector]
            : [user];
        for (const x of operands) this.#storeIfElsewhere(x, user, slot.nest, i);
      }
      for (const { node, piece } of slot.nest.copies) {
        const x = pieceOf(node, piece);
        const producer = this.#producer(x);
        const atHand =
          this.stepOf.get(producer) === i && sourceOf(x).base === producer && isWhole(sourceOf(x), x.shape);
        if (!atHand) this.stored.add(producer);
      }
    });
  }
  #storeIfElsewhere(x: Node, user: Node, nest: Draft, step: number): void {
    const producer = this.#producer(x);
    const here = this.stepOf.get(producer) === step && this.isAtHand(x, producer, user, nest.dims);
    if (!here) this.stored.add(producer);
  }
}

/** @throws NotCompilable */
function checkCompilable(node: Node): void {
  const { kind } = node.op.lowering;
  const refuse = (why: string): never => {
    throw new NotCompilable(`${node.op.name} ${formatShape(node.shape)}: ${why}`);
  };
  if (kind === "constant" || isConstant(node)) return;
  if (kind === "interpret") refuse("has no compiled form");
  if (node.dtype === "float32") refuse("float32 is interpreted");
  if (node.dtype === "int32" && kind === "map" && !node.op.name.startsWith("indicator"))
    refuse("integer arithmetic is interpreted");
  if (kind === "kernel" && !(node.op.lowering as { call: (n: Node) => unknown }).call(node))
    refuse("no kernel for these shapes");
  if (sizeOf(node.shape) === 0) refuse("empty tensors are interpreted");
}
