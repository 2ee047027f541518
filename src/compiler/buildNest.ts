/** Loop nests: the expressions of every node that was placed in one, and where they read and store. */
import { isWhole, operandSource, type Source, sourceOf } from "./access.ts";
import type { Buffers } from "./buffers.ts";
import type { Draft } from "./fusion.ts";
import { type Combine, identities, type Node, type Shape } from "./graph.ts";
import { type Access, type Lane, LaneAlgebra } from "./lanes.ts";
import { matrixVector, productForm } from "./matrixProducts.ts";
import { isConstant } from "./node.ts";
import { NotCompilable, type Placement, pieceOf } from "./placement.ts";
import { reducedStrides, sizeOf, stridesOf } from "./shapes.ts";
import type { Accumulation, Scatter, Step, Store } from "./steps.ts";

/** The steps of one nest: fills of what it adds into, then the nest. */
export function buildNest(draft: Draft, step: number, placement: Placement, buffers: Buffers): Step[] {
  return new NestBuilder(draft, step, placement, buffers).build();
}

class NestBuilder {
  readonly #draft: Draft;
  readonly #step: number;
  readonly #placement: Placement;
  readonly #buffers: Buffers;
  readonly #algebra: LaneAlgebra = new LaneAlgebra();
  /** Values of the nodes computed here. */
  readonly #values: Map<Node, Lane> = new Map();
  readonly #fills: Step[] = [];
  readonly #stores: Store[] = [];
  readonly #accumulations: Accumulation[] = [];
  readonly #scatters: Scatter[] = [];

  constructor(draft: Draft, step: number, placement: Placement, buffers: Buffers) {
    this.#draft = draft;
    this.#step = step;
    this.#placement = placement;
    this.#buffers = buffers;
  }

  build(): Step[] {
    for (const node of this.#draft.members) {
      const value = this.#compute(node);
      if (!value) continue;
      this.#values.set(node, value);
      const buffer = this.#buffers.own(node);
      if (buffer !== undefined) this.#stores.push({ value, target: ownAccess(buffer, node.shape) });
    }
    for (const { node, piece } of this.#draft.copies) this.#copy(node, piece);
    for (const { target, combine } of this.#accumulations) {
      if (target.strides.some((s) => s !== 0)) this.#fill(target.buffer, identities[combine]);
    }
    const nest: Step = {
      kind: "nest",
      dims: this.#draft.dims,
      algebra: this.#algebra,
      stores: this.#stores,
      accumulations: this.#accumulations,
      scatters: this.#scatters,
      members: [...this.#draft.members, ...this.#draft.copies.map((c) => c.node)],
    };
    return [...this.#fills, nest];
  }

  #fill(buffer: number, value: number): void {
    this.#fills.push({ kind: "fill", buffer, value });
  }

  /** The value of a node in the loop; undefined when it has one only after the loop. */
  #compute(node: Node): Lane | undefined {
    const { lowering } = node.op;
    if (lowering.kind === "map") {
      const args = node.inputs.map((x) => this.#operand(x, node, node.shape));
      return lowering.scalar(this.#algebra, args, node.attrs);
    }
    if (lowering.kind === "gather") return this.#gather(node);
    if (lowering.kind === "matmul" && productForm(node) === "terms") return this.#terms(node);
    if (lowering.kind === "matmul") this.#accumulations.push(...this.#sums(node));
    else if (lowering.kind === "reduce") this.#accumulations.push(this.#reduction(node, lowering.combine));
    else if (lowering.kind === "scatterAdd") this.#scatter(node);
    else return this.#read(sourceOf(node), node.shape);
    return undefined;
  }

  /** An operand: at hand in a register, or read from memory. */
  #operand(x: Node, user: Node, shape: Shape): Lane {
    const source = user.op.lowering.kind === "matmul" ? sourceOf(x) : operandSource(x, shape);
    const here = this.#values.get(source.base);
    const isHere = here && this.#placement.stepOf.get(source.base) === this.#step;
    if (isHere && this.#placement.isAtHand(x, source.base, user, this.#draft.dims)) return here;
    return this.#read(source, shape);
  }

  #reduction(node: Node, combine: Combine): Accumulation {
    const [x] = node.inputs as [Node];
    const strides = reducedStrides(x.shape, node.attrs.axes as readonly number[]).filter((_, d) => x.shape[d] !== 1);
    return {
      value: this.#operand(x, node, x.shape),
      target: { buffer: this.#buffers.own(node)!, offset: 0, strides },
      combine,
    };
  }

  #scatter(node: Node): void {
    const [x, indices] = node.inputs as [Node, Node];
    const buffer = this.#buffers.own(node)!;
    this.#fill(buffer, 0);
    this.#scatters.push({
      value: this.#operand(x, node, x.shape),
      target: this.#indexed(node, indices, x.shape, buffer),
    });
  }

  /** Stores a piece of a concatenation, or what is padded, to its place. */
  #copy(node: Node, piece: number): void {
    const x = pieceOf(node, piece);
    const source = sourceOf(x);
    const isHere = isWhole(source, x.shape) && this.#placement.stepOf.get(source.base) === this.#step;
    const buffer = this.#buffers.own(node)!;
    if (node.op.lowering.kind === "pad") this.#fill(buffer, 0);
    const value = (isHere ? this.#values.get(source.base) : undefined) ?? this.#read(source, x.shape);
    this.#stores.push({ value, target: pieceTarget(node, piece, buffer) });
  }

  #read(source: Source, shape: Shape): Lane {
    const { base } = source;
    if (
      base.value &&
      isConstant(base) &&
      sizeOf(base.shape) === 1 &&
      base.dtype !== "bool" &&
      isLiteral(base.value[0]!)
    ) {
      return this.#algebra.constant(base.value[0]!);
    }
    const value = this.#algebra.load(this.#buffers.access(source, shape));
    return base.dtype === "bool" ? this.#algebra.truthOf(value) : value;
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
      buffer: this.#buffers.byteOffsets(indices, sizeOf(rowShape)),
      offset: 0,
      strides: loops.map((d) => (d < k ? indexStrides[d]! : 0)),
    };
    return { buffer, offset: 0, strides, index };
  }
  #gather(node: Node): Lane {
    const [x, indices] = node.inputs as [Node, Node];
    const value = this.#algebra.load(this.#indexed(node, indices, node.shape, this.#buffers.of(x)));
    return node.dtype === "bool" ? this.#algebra.truthOf(value) : value;
  }

  /** A narrow constant matrix times a vector: a sum over its columns, each a stretch of memory beside the others. */
  #terms(node: Node): Lane {
    const { matrix, vector, transposed, rows, columns } = matrixVector(node)!;
    const byColumn = transposed ? this.#buffers.of(matrix) : this.#buffers.transposed(matrix);
    const weights = this.#buffers.of(vector);
    const term = (j: number): Lane =>
      this.#algebra.weigh(
        this.#algebra.load({ buffer: byColumn, offset: j * rows, strides: [1] }),
        this.#algebra.load({ buffer: weights, offset: j, strides: [0] }),
      );
    return Array.from({ length: columns }, (_, j) => term(j)).reduce((a, b) => this.#algebra.add(a, b));
  }
  /** A flat constant matrix times a vector: one sum for each of its rows. */
  #sums(node: Node): Accumulation[] {
    const { matrix, vector, transposed, rows, columns } = matrixVector(node)!;
    const byRow = transposed ? this.#buffers.transposed(matrix) : this.#buffers.of(matrix);
    const value = this.#operand(vector, node, vector.shape);
    const target = this.#buffers.own(node)!;
    return Array.from({ length: rows }, (_, i) => ({
      value: this.#algebra.mul(this.#algebra.load({ buffer: byRow, offset: i * columns, strides: [1] }), value),
      target: { buffer: target, offset: i, strides: [0] },
      combine: "sum" as const,
    }));
  }
}

/** A buffer written in the order of its own shape. */
function ownAccess(buffer: number, shape: Shape): Access {
  return { buffer, offset: 0, strides: stridesOf(shape).filter((_, d) => shape[d] !== 1) };
}

/** Numbers that belong to the formula and not to the data: halves, small integers and the like are written into the code. */
const isLiteral = (x: number): boolean => Math.abs(x) <= 64 && Number.isInteger(x * 8);

/** Where a piece lies in its concatenation or padded tensor. */
function pieceTarget(node: Node, piece: number, buffer: number): Access {
  const strides = stridesOf(node.shape);
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
