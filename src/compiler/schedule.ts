/**
 * From nodes to steps: which nodes share a loop nest, which results are stored, which kernels are called, in what order.
 *
 * A nest runs over one index space. A node joins the earliest nest of its index space that comes after everything it needs;
 * inside a nest values pass in registers, and only what another step reads is stored.
 */

import { gemm } from "../wasm/kernels/gemm.ts";
import { gemv, gemvT } from "../wasm/kernels/products.ts";
import { elementStrides, isWhole, operandSource, type Source, sourceOf, squeezed } from "./access.ts";
import type { Combine, KernelCall, Node, Shape } from "./graph.ts";
import { type Access, type Lane, LaneAlgebra } from "./lanes.ts";
import { isConstant } from "./node.ts";
import { formatShape, sizeOf, stridesOf } from "./shapes.ts";
import type { Accumulation, Buffer, BufferKind, NewBuffer, PlanStep, Scatter, Schedule, Step, Store } from "./steps.ts";

export type { Accumulation, Buffer, Call, Fill, Nest, Schedule, Step } from "./steps.ts";

/** Thrown when a graph has something that only the interpreter can do. */
export class NotCompilable extends Error {
  override readonly name = "NotCompilable";
}

/** Constant matrices with at most this many columns (rows) become terms (sums) of the nest over their other dimension. */
const narrowLimit = 12;

interface Draft {
  readonly dims: readonly number[];
  readonly key: string;
  readonly members: Node[];
  /** Work that is not the value of a node: pieces of concatenations, padded copies. */
  readonly copies: { readonly node: Node; readonly piece: number }[];
  /** Cost of the elementary functions in the loop, arithmetic before and after them, and whether there is a matrix product. */
  heavy: number;
  before: number;
  after: number;
  products: boolean;
}

/**
 * Long loops are kept short in what they hold: sixteen registers are for one elementary function and its relatives, or for
 * a matrix product, and several loops over buffers in the cache are faster than one that spills.
 */
const shortLoop = 64;
const heavyBudget = 60;
const heavy = 20;
function fits(node: Node | undefined, draft: Draft): boolean {
  if (!node || sizeOf(draft.dims) < shortLoop) return true;
  const { lowering } = node.op;
  if (isWideProduct(node)) return draft.heavy === 0;
  if (lowering.kind !== "map") return true;
  if (lowering.cost < heavy) return draft.heavy === 0 || draft.after < 2;
  if (draft.products || draft.heavy + lowering.cost > heavyBudget) return false;
  return draft.heavy > 0 || draft.before <= 4;
}
/** Notes what a node adds to the work of a loop. */
function count(node: Node, draft: Draft): void {
  const { lowering } = node.op;
  if (isWideProduct(node)) draft.products = true;
  if (lowering.kind !== "map") return;
  if (lowering.cost >= heavy) draft.heavy += lowering.cost;
  else if (draft.heavy > 0) draft.after++;
  else draft.before++;
}
const isWideProduct = (node: Node): boolean => {
  const product = matrixVector(node);
  return product !== undefined && Math.min(product.rows, product.columns) >= 4;
};
type Slot = { readonly nest: Draft } | { readonly call: Node };

const isNestNode = (node: Node): boolean => ["map", "gather", "reduce", "scatterAdd"].includes(node.op.lowering.kind);

/** A product of a constant matrix and a vector, seen as [rows, columns] · [columns]; undefined for other products. */
interface MatrixVector {
  readonly matrix: Node;
  readonly vector: Node;
  /** Whether the constant is stored as [columns, rows]. */
  readonly transposed: boolean;
  readonly rows: number;
  readonly columns: number;
}
function matrixVector(node: Node): MatrixVector | undefined {
  if (node.op.lowering.kind !== "matmul" || node.shape.length !== 2) return undefined;
  const [a, b] = node.inputs as [Node, Node];
  const [m, k, n] = [a.shape[0]!, a.shape[1]!, b.shape[1]!];
  if (isConstant(a) && n === 1) return { matrix: a, vector: b, transposed: false, rows: m, columns: k };
  if (isConstant(b) && m === 1) return { matrix: b, vector: a, transposed: true, rows: n, columns: k };
  return undefined;
}
type Product = "terms" | "sums" | "call";
function productForm(node: Node): Product {
  const product = matrixVector(node);
  if (!product) return "call";
  if (product.columns <= narrowLimit && product.rows > 1) return "terms";
  return product.rows <= narrowLimit && product.columns > 1 ? "sums" : "call";
}

/** Whether every element of a member of a nest reads all of its operand, which must lie complete in memory. */
const readsWhole = (user: Node): boolean =>
  user.op.lowering.kind === "gather" || (user.op.lowering.kind === "matmul" && productForm(user) === "terms");

/** Builds the schedule of a graph. @throws NotCompilable naming the operation that stands in the way. */
export function schedule(order: readonly Node[], inputs: readonly Node[], outputs: readonly Node[]): Schedule {
  return new Scheduler(order, inputs, outputs).run();
}

class Scheduler {
  readonly #order: readonly Node[];
  readonly #inputs: readonly Node[];
  readonly #outputs: readonly Node[];
  readonly #slots: Slot[] = [];
  /** Step at which a node is computed. */
  readonly #stepOf: Map<Node, number> = new Map();
  /** Nodes whose values must be in memory, whole and in order. */
  readonly #stored: Set<Node> = new Set();
  readonly #buffers: Buffer[] = [];
  readonly #bufferOf: Map<Node, number> = new Map();
  readonly #layouts: Map<string, number> = new Map();

  constructor(order: readonly Node[], inputs: readonly Node[], outputs: readonly Node[]) {
    this.#order = order;
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  run(): Schedule {
    for (const node of this.#order) this.#checkCompilable(node);
    for (const node of this.#order) this.#demand(node);
    for (const node of this.#outputs) this.#store(node);
    for (const node of this.#order) this.#place(node);
    this.#storeAcrossNests();
    this.#allocate();
    const steps: Step[] = [];
    this.#slots.forEach((slot, i) => {
      const before = steps.length;
      if ("nest" in slot) this.#buildNest(slot.nest, i, steps);
      else this.#buildCall(slot.call, i, steps);
      if (steps.length === before) return;
    });
    const results = this.#finishOutputs(steps);
    return { steps, buffers: this.#buffers, inputs: this.#inputs.map((x) => this.#bufferOf.get(x)!), outputs: results };
  }

  #checkCompilable(node: Node): void {
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
    const holder = this.#holder(node);
    this.#stored.add(holder);
    return holder;
  }
  #holder(node: Node): Node {
    const source = sourceOf(node);
    if (!isWhole(source, node.shape)) return node;
    const { base } = source;
    return base.op.lowering.kind === "reshape" && !isConstant(base) ? this.#holder(base.inputs[0]!) : base;
  }

  /** The node whose loop computes `node`'s numbers, for ordering. */
  #producer(node: Node): Node {
    const { base } = sourceOf(node);
    return base.op.lowering.kind === "reshape" && !isConstant(base) ? this.#holder(base.inputs[0]!) : base;
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
      this.#stepOf.set(node, this.#slots.length);
      this.#slots.push({ call: node });
    } else if (this.#stored.has(node)) this.#join(node, squeezed(node.shape), [node]);
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
    this.#stepOf.set(node, index);
  }

  #findNest(dims: readonly number[], lower: number, node?: Node): { index: number; draft: Draft } {
    const key = `${dims}`;
    const found = this.#slots.findIndex(
      (slot, i) => i >= lower && "nest" in slot && slot.nest.key === key && fits(node, slot.nest),
    );
    if (found >= 0) return { index: found, draft: (this.#slots[found] as { nest: Draft }).nest };
    const draft: Draft = { dims, key, members: [], copies: [], heavy: 0, before: 0, after: 0, products: false };
    this.#slots.push({ nest: draft });
    return { index: this.#slots.length - 1, draft };
  }

  /** First step at which `user` can read `x`: the same one if the value is at hand in its loop, else the next. */
  #earliest(x: Node, user: Node, dims: readonly number[]): number {
    const producer = readsWhole(user) ? this.#holder(x) : this.#producer(x);
    const step = this.#stepOf.get(producer);
    if (step === undefined) return 0;
    return this.#isAtHand(x, producer, user, dims) ? step : step + 1;
  }

  #isAtHand(x: Node, producer: Node, user: Node, dims: readonly number[]): boolean {
    const { kind } = producer.op.lowering;
    const isValue = kind === "map" || kind === "gather" || (kind === "matmul" && productForm(producer) === "terms");
    if (!isValue || readsWhole(user)) return false;
    const shape = this.#indexShape(user);
    const source = user.op.lowering.kind === "matmul" ? sourceOf(x) : operandSource(x, shape);
    return (
      source.base === producer &&
      isWhole(source, shape.length ? shape : x.shape) &&
      `${squeezed(producer.shape)}` === `${dims}`
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
      const step = this.#stepOf.get(producer);
      const whole = isWhole(sourceOf(piece), piece.shape) && sourceOf(piece).base === producer;
      const computed = producer.op.lowering.kind === "map" || producer.op.lowering.kind === "gather";
      const lower = step === undefined ? 0 : whole && computed ? step : step + 1;
      const { index, draft } = this.#findNest(dims, lower);
      draft.copies.push({ node, piece: i });
      last = Math.max(last, index);
    });
    this.#stepOf.set(node, last);
  }

  /** Values read by another nest than the one that computes them are stored. */
  #storeAcrossNests(): void {
    this.#slots.forEach((slot, i) => {
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
        const x = node.op.lowering.kind === "pad" ? node.inputs[0]! : node.inputs[piece]!;
        const producer = this.#producer(x);
        const atHand =
          this.#stepOf.get(producer) === i && sourceOf(x).base === producer && isWhole(sourceOf(x), x.shape);
        if (!atHand) this.#stored.add(producer);
      }
    });
  }
  #storeIfElsewhere(x: Node, user: Node, nest: Draft, step: number): void {
    const producer = this.#producer(x);
    const here = this.#stepOf.get(producer) === step && this.#isAtHand(x, producer, user, nest.dims);
    if (!here) this.#stored.add(producer);
  }

  #newBuffer(kind: BufferKind, size: number, label: string, data?: Float64Array): number {
    const id = this.#buffers.length;
    this.#buffers.push({
      id,
      kind,
      size,
      label,
      firstStep: Number.POSITIVE_INFINITY,
      lastStep: -1,
      ...(data && { data }),
    });
    return id;
  }

  #allocate(): void {
    for (const node of this.#inputs)
      this.#bufferOf.set(node, this.#newBuffer("input", sizeOf(node.shape), `input ${String(node.attrs.name)}`));
    for (const node of this.#order) {
      const { kind } = node.op.lowering;
      const always =
        ["reduce", "scatterAdd", "kernel", "concat", "pad", "loop", "branch"].includes(kind) ||
        (kind === "matmul" && productForm(node) !== "terms");
      if (this.#bufferOf.has(node) || isConstant(node) || kind === "input" || !(always || this.#stored.has(node)))
        continue;
      this.#bufferOf.set(node, this.#newBuffer("temporary", sizeOf(node.shape), `%${node.id} ${node.op.name}`));
    }
  }

  /** The buffer with a node's values, whole. */
  #bufferFor(node: Node): number {
    const holder = this.#holder(node);
    const known = this.#bufferOf.get(holder);
    if (known !== undefined) return known;
    if (!isConstant(holder)) throw new Error(`compiler: no buffer for ${holder.op.name} %${holder.id}`);
    const id = this.#newBuffer(
      "constant",
      sizeOf(holder.shape),
      `constant ${formatShape(holder.shape)}`,
      Float64Array.from(holder.value!),
    );
    this.#bufferOf.set(holder, id);
    return id;
  }

  /** A constant matrix stored the other way round. */
  #transposedConstant(matrix: Node): number {
    const key = `T${matrix.id}`;
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const [m, n] = matrix.shape as [number, number];
    const data = new Float64Array(m * n);
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) data[j * m + i] = matrix.value![i * n + j]!;
    const id = this.#newBuffer("constant", m * n, `constant ${formatShape([n, m])}`, data);
    this.#layouts.set(key, id);
    return id;
  }

  /** Constant indices become byte offsets, one to every eight bytes, so that they are walked like any array of doubles. */
  #byteOffsets(indices: Node, rowSize: number): number {
    const key = `I${indices.id}*${rowSize}`;
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const words = new Int32Array(indices.value!.length * 2);
    indices.value!.forEach((index, i) => {
      words[2 * i] = index * rowSize * 8;
    });
    const id = this.#newBuffer(
      "constant",
      indices.value!.length,
      `indices ${formatShape(indices.shape)}`,
      new Float64Array(words.buffer),
    );
    this.#layouts.set(key, id);
    return id;
  }

  #access(source: Source, shape: Shape): Access {
    return { buffer: this.#bufferFor(source.base), ...elementStrides(source, shape) };
  }

  #buildNest(draft: Draft, step: number, steps: Step[]): void {
    const algebra = new LaneAlgebra();
    const values = new Map<Node, Lane>();
    const stores: Store[] = [];
    const accumulations: Accumulation[] = [];
    const scatters: Scatter[] = [];
    const operand = (x: Node, user: Node, shape: Shape): Lane => {
      const source = user.op.lowering.kind === "matmul" ? sourceOf(x) : operandSource(x, shape);
      const here = values.get(source.base);
      if (here && this.#stepOf.get(source.base) === step && this.#isAtHand(x, source.base, user, draft.dims))
        return here;
      return this.#read(algebra, source, shape);
    };
    const fill = (buffer: number, value: number): void => {
      steps.push({ kind: "fill", buffer, value });
    };
    const own = (node: Node, shape: Shape = node.shape): Access => ({
      buffer: this.#bufferOf.get(node)!,
      ...elementStrides({ base: { ...node, shape } as Node, map: identityMap(shape) }, shape),
    });
    for (const node of draft.members) {
      const { lowering } = node.op;
      if (lowering.kind === "map") {
        values.set(
          node,
          lowering.scalar(
            algebra,
            node.inputs.map((x) => operand(x, node, node.shape)),
            node.attrs,
          ),
        );
      } else if (lowering.kind === "gather") values.set(node, this.#gather(algebra, node));
      else if (lowering.kind === "matmul") {
        if (productForm(node) === "terms") values.set(node, this.#terms(algebra, node));
        else accumulations.push(...this.#sums(algebra, node, operand));
      } else if (lowering.kind === "reduce") {
        const [x] = node.inputs;
        const axes = node.attrs.axes as readonly number[];
        const target = { buffer: this.#bufferOf.get(node)!, offset: 0, strides: reduceStrides(x!.shape, axes) };
        accumulations.push({ value: operand(x!, node, x!.shape), target, combine: lowering.combine });
      } else if (lowering.kind === "scatterAdd") {
        const [x, indices] = node.inputs as [Node, Node];
        fill(this.#bufferOf.get(node)!, 0);
        scatters.push({
          value: operand(x, node, x.shape),
          target: this.#indexed(node, indices, x.shape, this.#bufferOf.get(node)!),
        });
      } else values.set(node, this.#read(algebra, sourceOf(node), node.shape));
      const value = values.get(node);
      if (value && this.#bufferOf.has(node)) stores.push({ value, target: own(node) });
    }
    for (const { node, piece } of draft.copies) {
      const x = node.op.lowering.kind === "pad" ? node.inputs[0]! : node.inputs[piece]!;
      const source = sourceOf(x);
      const here =
        isWhole(source, x.shape) && this.#stepOf.get(source.base) === step ? values.get(source.base) : undefined;
      if (node.op.lowering.kind === "pad") fill(this.#bufferOf.get(node)!, 0);
      stores.push({ value: here ?? this.#read(algebra, source, x.shape), target: this.#pieceTarget(node, piece) });
    }
    for (const { target, combine } of accumulations) {
      if (target.strides.some((s) => s !== 0)) fill(target.buffer, identities[combine]);
    }
    steps.push({
      kind: "nest",
      dims: draft.dims,
      algebra,
      stores,
      accumulations,
      scatters,
      members: [...draft.members, ...draft.copies.map((c) => c.node)],
    });
  }

  #read(algebra: LaneAlgebra, source: Source, shape: Shape): Lane {
    const { base } = source;
    if (
      base.value &&
      isConstant(base) &&
      sizeOf(base.shape) === 1 &&
      base.dtype !== "bool" &&
      isLiteral(base.value[0]!)
    ) {
      return algebra.constant(base.value[0]!);
    }
    const value = algebra.load(this.#access(source, shape));
    return base.dtype === "bool" ? algebra.truthOf(value) : value;
  }

  /** Access through indices: the leading loops walk the indices, the others the row that an index picks. */
  #indexed(node: Node, indices: Node, shape: Shape, buffer: number): Access {
    const rowShape = node.op.lowering.kind === "gather" ? node.inputs[0]!.shape.slice(1) : node.shape.slice(1);
    const k = indices.shape.length;
    const rowStrides = stridesOf(rowShape);
    const loops = shape.flatMap((n, d) => (n === 1 ? [] : [d]));
    const strides = loops.map((d) => (d < k ? 0 : rowStrides[d - k]!));
    if (!isConstant(indices)) throw new NotCompilable(`${node.op.name}: indices that are not data are interpreted`);
    const indexStrides = stridesOf(indices.shape);
    const index = {
      buffer: this.#byteOffsets(indices, sizeOf(rowShape)),
      offset: 0,
      strides: loops.map((d) => (d < k ? indexStrides[d]! : 0)),
    };
    return { buffer, offset: 0, strides, index };
  }
  #gather(algebra: LaneAlgebra, node: Node): Lane {
    const [x, indices] = node.inputs as [Node, Node];
    const value = algebra.load(this.#indexed(node, indices, node.shape, this.#bufferFor(x)));
    return node.dtype === "bool" ? algebra.truthOf(value) : value;
  }

  /** A narrow constant matrix times a vector: a sum over its columns, each a stretch of memory beside the others. */
  #terms(algebra: LaneAlgebra, node: Node): Lane {
    const { matrix, vector, transposed, rows, columns } = matrixVector(node)!;
    const byColumn = transposed ? this.#bufferFor(matrix) : this.#transposedConstant(matrix);
    const weights = this.#bufferFor(vector);
    const term = (j: number): Lane =>
      algebra.mul(
        algebra.load({ buffer: byColumn, offset: j * rows, strides: [1] }),
        algebra.load({ buffer: weights, offset: j, strides: [0] }),
      );
    return Array.from({ length: columns }, (_, j) => term(j)).reduce((a, b) => algebra.add(a, b));
  }
  /** A flat constant matrix times a vector: one sum for each of its rows. */
  #sums(algebra: LaneAlgebra, node: Node, operand: (x: Node, user: Node, shape: Shape) => Lane): Accumulation[] {
    const { matrix, vector, transposed, rows, columns } = matrixVector(node)!;
    const byRow = transposed ? this.#transposedConstant(matrix) : this.#bufferFor(matrix);
    const value = operand(vector, node, vector.shape);
    const target = this.#bufferOf.get(node)!;
    return Array.from({ length: rows }, (_, i) => ({
      value: algebra.mul(algebra.load({ buffer: byRow, offset: i * columns, strides: [1] }), value),
      target: { buffer: target, offset: i, strides: [0] },
      combine: "sum" as const,
    }));
  }

  #pieceTarget(node: Node, piece: number): Access {
    const strides = stridesOf(node.shape);
    const buffer = this.#bufferOf.get(node)!;
    if (node.op.lowering.kind === "pad") {
      const { starts, steps } = node.attrs as { starts: number[]; steps: number[] };
      const { shape } = node.inputs[0]!;
      return {
        buffer,
        offset: starts.reduce((o, s, d) => o + s * strides[d]!, 0),
        strides: shape.flatMap((n, d) => (n === 1 ? [] : [steps[d]! * strides[d]!])),
      };
    }
    const axis = node.attrs.axis as number;
    const start = node.inputs.slice(0, piece).reduce((n, x) => n + x.shape[axis]!, 0);
    const { shape } = node.inputs[piece]!;
    return { buffer, offset: start * strides[axis]!, strides: shape.flatMap((n, d) => (n === 1 ? [] : [strides[d]!])) };
  }

  #buildCall(node: Node, _step: number, steps: Step[]): void {
    const target = this.#bufferOf.get(node)!;
    const { lowering } = node.op;
    if (lowering.kind === "loop" || lowering.kind === "branch") {
      const operands = node.inputs.map((x) => this.#bufferFor(x));
      const newBuffer: NewBuffer = (...buffer) => this.#newBuffer(...buffer);
      steps.push((lowering.plan as PlanStep)(node, operands, target, newBuffer, schedule));
      return;
    }
    if (node.op.lowering.kind === "kernel") {
      const call = node.op.lowering.call(node)!;
      steps.push({ kind: "call", call, operands: [...node.inputs.map((x) => this.#bufferFor(x)), target], node });
      return;
    }
    const product = matrixVector(node);
    if (product) {
      // y = A x over a stored transpose: a sum of contiguous columns
      const { matrix, vector, transposed, rows, columns } = product;
      const byColumn = transposed ? this.#bufferFor(matrix) : this.#transposedConstant(matrix);
      const operands = [byColumn, this.#bufferFor(vector), target];
      steps.push({ kind: "call", call: { kernel: gemvT, dims: [columns, rows] }, operands, node });
      return;
    }
    const call = productCall(node);
    const [a, b] = node.inputs.map((x) => this.#bufferFor(x));
    // The matrix comes first, also where it stands on the right of a row.
    steps.push({ kind: "call", call, operands: call.kernel === gemvT ? [b!, a!, target] : [a!, b!, target], node });
  }

  /** Outputs get buffers of their own; an output that is data, an input, or the same array as another output is copied. */
  #finishOutputs(steps: Step[]): number[] {
    const taken = new Set<number>();
    return this.#outputs.map((node) => {
      const source = this.#bufferFor(node);
      const buffer = this.#buffers[source]!;
      if (buffer.kind === "temporary" && !taken.has(source)) {
        taken.add(source);
        buffer.kind = "output";
        return source;
      }
      const copy = this.#newBuffer("output", sizeOf(node.shape), "output");
      const algebra = new LaneAlgebra();
      const n = sizeOf(node.shape);
      const strides = n === 1 ? [] : [1];
      const value = algebra.load({ buffer: source, offset: 0, strides });
      const target = { buffer: copy, offset: 0, strides };
      steps.push({
        kind: "nest",
        dims: n === 1 ? [] : [n],
        algebra,
        stores: [{ value, target }],
        accumulations: [],
        scatters: [],
        members: [],
      });
      return copy;
    });
  }
}

const identityMap = (shape: Shape): Source["map"] =>
  shape.map((n, from) => ({ from: n === 1 ? -1 : from, offset: 0, step: 1 }));

export const identities: Readonly<Record<Combine, number>> = {
  logProduct: 1,
  sum: 0,
  prod: 1,
  max: -Infinity,
  min: Infinity,
};

/** Numbers that belong to the formula and not to the data: halves, small integers and the like are written into the code. */
const isLiteral = (x: number): boolean => Math.abs(x) <= 64 && Number.isInteger(x * 8);

function reduceStrides(shape: Shape, axes: readonly number[]): number[] {
  const kept = stridesOf(shape.filter((_, d) => !axes.includes(d)));
  let next = 0;
  const strides = shape.map((_, d) => (axes.includes(d) ? 0 : kept[next++]!));
  return strides.filter((_, d) => shape[d] !== 1);
}

/** Which kernel multiplies two arrays in memory. */
function productCall(node: Node): KernelCall {
  const [a, b] = node.inputs as [Node, Node];
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  const count = sizeOf(node.shape.slice(0, -2));
  const batch = count === 1 ? {} : { batch: { count, strides: [m * k, k * n, m * n] } };
  if (n === 1) return { kernel: gemv, dims: [m, k], ...batch };
  if (m === 1) {
    return {
      kernel: gemvT,
      dims: [k, n],
      ...(count === 1 ? {} : { batch: { count, strides: [k * n, m * k, m * n] } }),
    };
  }
  return { kernel: gemm, dims: [m, k, n], ...batch };
}
