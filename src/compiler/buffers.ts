/** The memory of a program as a list of buffers, and who holds what. */
import { elementStrides, type Source } from "./access.ts";
import type { Node, Shape } from "./graph.ts";
import type { Access } from "./lanes.ts";
import { productForm } from "./matrixProducts.ts";
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
    const [m, n] = matrix.shape as [number, number];
    return this.#layout(`T${matrix.id}`, `constant ${formatShape([n, m])}`, () => {
      const data = new Float64Array(m * n);
      const values = matrix.value!;
      for (let j = 0, place = 0; j < n; j++) for (let at = j; at < m * n; at += n) data[place++] = values[at]!;
      return data;
    });
  }

  /** Constants in a layout of their own, made once for each `key`. */
  #layout(key: string, label: string, make: () => Float64Array): number {
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const data = make();
    const id = this.add("constant", data.length, label, data);
    this.#layouts.set(key, id);
    return id;
  }

  /** Constant indices become byte offsets, one to every eight bytes, so that they are walked like any array of doubles. */
  byteOffsets(indices: Node, rowSize: number): number {
    return this.#layout(`I${indices.id}*${rowSize}`, `indices ${formatShape(indices.shape)}`, () => {
      const words = new Int32Array(indices.value!.length * 2);
      indices.value!.forEach((index, i) => {
        words[2 * i] = index * rowSize * 8;
      });
      return new Float64Array(words.buffer);
    });
  }

  /** Where the loops over `shape` read a source. */
  access(source: Source, shape: Shape): Access {
    return { buffer: this.of(source.base), ...elementStrides(source, shape) };
  }
}
