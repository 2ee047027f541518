/** The memory of a program as a list of buffers, and who holds what. */
import { blocked } from "../wasm/kernels/blockLayout.ts";
import { elementStrides, type Source } from "./access.ts";
import type { Node, Shape } from "./graph.ts";
import type { Access } from "./lanes.ts";
import { type MatrixVector, productForm } from "./matrixProducts.ts";
import { isConstant } from "./node.ts";
import type { Placement } from "./placement.ts";
import { formatShape, sizeOf } from "./shapes.ts";
import type { Buffer, BufferKind } from "./steps.ts";

/** Kinds of operations whose results always are in memory. */
const alwaysStored: ReadonlySet<string> = new Set([
  "reduce",
  "scatterAdd",
  "kernel",
  "concat",
  "pad",
  "loop",
  "branch",
]);

export class Buffers {
  readonly list: Buffer[] = [];
  readonly #placement: Placement;
  readonly #bufferOf: Map<Node, number> = new Map();
  readonly #layouts: Map<string, number> = new Map();

  constructor(order: readonly Node[], inputs: readonly Node[], placement: Placement) {
    this.#placement = placement;
    for (const node of inputs)
      this.#bufferOf.set(node, this.add("input", sizeOf(node.shape), `input ${String(node.attrs.name)}`));
    for (const node of order) {
      const { kind } = node.op.lowering;
      const always = alwaysStored.has(kind) || (kind === "matmul" && productForm(node) !== "terms");
      if (
        this.#bufferOf.has(node) ||
        isConstant(node) ||
        kind === "input" ||
        !(always || this.#placement.stored.has(node))
      )
        continue;
      this.#bufferOf.set(node, this.add("temporary", sizeOf(node.shape), `%${node.id} ${node.op.name}`));
    }
  }

  /** Makes a buffer; gives its number. */
  add(kind: BufferKind, size: number, label: string, data?: Float64Array): number {
    const id = this.list.length;
    this.list.push({
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

  /** The buffer that a node's own result is stored to; undefined when it only passes in registers. */
  own(node: Node): number | undefined {
    return this.#bufferOf.get(node);
  }

  /** The buffer with a node's values, whole. */
  of(node: Node): number {
    const holder = this.#placement.holder(node);
    const known = this.#bufferOf.get(holder);
    if (known !== undefined) return known;
    if (!isConstant(holder)) throw new Error(`compiler: no buffer for ${holder.op.name} %${holder.id}`);
    const id = this.add(
      "constant",
      sizeOf(holder.shape),
      `constant ${formatShape(holder.shape)}`,
      new Float64Array(holder.value!),
    );
    this.#bufferOf.set(holder, id);
    return id;
  }

  /** A constant matrix stored the other way round. */
  transposed(matrix: Node): number {
    const key = `T${matrix.id}`;
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const [m, n] = matrix.shape as [number, number];
    const data = new Float64Array(m * n);
    const values = matrix.value!;
    for (let j = 0, place = 0; j < n; j++) for (let at = j; at < m * n; at += n) data[place++] = values[at]!;
    const id = this.add("constant", m * n, `constant ${formatShape([n, m])}`, data);
    this.#layouts.set(key, id);
    return id;
  }

  /** A tall constant matrix in blocks of rows; the same buffer for a matrix and its transpose. */
  blocked({ matrix, transposed, rows, columns }: MatrixVector): number {
    const tall = rows >= columns;
    const [m, n] = tall ? [rows, columns] : [columns, rows];
    const { value } = matrix;
    const data = blocked(m, n, tall === transposed ? (i, j) => value![j * m + i]! : (i, j) => value![i * n + j]!);
    const label = `blocks of ${formatShape([m, n])}`;
    const known = this.list.find((b) => b.label === label && b.data!.every((x, i) => Object.is(x, data[i])));
    return known?.id ?? this.add("constant", data.length, label, data);
  }

  /** Constant indices become byte offsets, one to every eight bytes, so that they are walked like any array of doubles. */
  byteOffsets(indices: Node, rowSize: number): number {
    const key = `I${indices.id}*${rowSize}`;
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const words = new Int32Array(indices.value!.length * 2);
    indices.value!.forEach((index, i) => {
      words[2 * i] = index * rowSize * 8;
    });
    const id = this.add(
      "constant",
      indices.value!.length,
      `indices ${formatShape(indices.shape)}`,
      new Float64Array(words.buffer),
    );
    this.#layouts.set(key, id);
    return id;
  }

  /** Where the loops over `shape` read a source. */
  access(source: Source, shape: Shape): Access {
    return { buffer: this.of(source.base), ...elementStrides(source, shape) };
  }
}
