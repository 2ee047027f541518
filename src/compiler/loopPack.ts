/**
 * Small bodies as expressions over pairs of doubles: what is carried stays in registers, and a step is straight-line code.
 *
 * A tensor is a list of elements, each a half of some pair; elements that lie side by side are computed together, views and
 * joins only rearrange the list.
 */
import type { Node, Shape } from "./graph.ts";
import { type Lane, LaneAlgebra } from "./lanes.ts";
import type { LoopAttrs } from "./loop.ts";
import type { Body } from "./loopBody.ts";
import { type Element, type Elements, PairBuilder } from "./loopElements.ts";
import { combine, isPackable, viewOffsets } from "./loopPackable.ts";
import { isConstant } from "./node.ts";
import { eachOffset, sizeOf, stridesOf } from "./shapes.ts";
import type { Packed, Slot } from "./steps.ts";

const pick = (elements: Elements, offsets: readonly number[]): Elements => offsets.map((i) => elements[i]!);

/** Bodies with more expressions are worth loops of their own. */
const mostExpressions = 1500;

/** The body of a loop in registers; undefined when it is too large or has something that needs memory. */
export function packLoop(attrs: LoopAttrs): Packed | undefined {
  const { body, test } = attrs;
  if (![body, ...(test ? [test] : [])].every((b) => b.order.every(isPackable))) return undefined;
  return new Packer(attrs).pack();
}

class Packer {
  readonly #attrs: LoopAttrs;
  readonly #algebra: LaneAlgebra = new LaneAlgebra();
  readonly #pairs: PairBuilder = new PairBuilder(this.#algebra);
  readonly #slots: Slot[] = [];
  readonly #values: Map<Node, Elements> = new Map();

  constructor(attrs: LoopAttrs) {
    this.#attrs = attrs;
  }

  pack(): Packed | undefined {
    const { body, test, carries, rows } = this.#attrs;
    const carried: number[][] = [];
    body.inputs.forEach((x, operand) => {
      const kind = operand < carries ? "carry" : operand < carries + rows ? "row" : "closure";
      const places = this.#input(x, kind, operand);
      if (kind === "carry") carried.push(places);
    });
    // The test sees the carried values and closures that the body sees, through inputs of its own.
    test?.inputs.forEach((x, i) => {
      const own = body.inputs[i < carries ? i : i + rows]!;
      this.#values.set(x, this.#values.get(own)!);
    });
    if (!this.#run(body) || (test && !this.#run(test))) return undefined;
    const pairs = body.outputs.map((x) => this.#pairs.pairsOf(this.#elements(x)));
    const going = test && this.#elements(test.outputs[0]!)[0]!.lane;
    return {
      algebra: this.#algebra,
      slots: this.#slots,
      next: pairs.slice(0, carries),
      carried,
      results: pairs.slice(carries),
      ...(going && { test: going }),
    };
  }

  /** Slots for an input: one for each pair of its elements, or one for a single number. */
  #input(x: Node, kind: Slot["kind"], operand: number): number[] {
    const size = sizeOf(x.shape);
    const level = kind === "closure" ? -1 : 0;
    const places: number[] = [];
    const elements: Element[] = [];
    for (let at = 0; at < size; at += 2) {
      const single = at + 1 === size;
      places.push(this.#slots.length);
      const slot = this.#algebra.slot(this.#slots.length, level);
      this.#slots.push({ kind, operand, at, single });
      const lane = x.dtype === "bool" ? this.#algebra.truthOf(slot) : slot;
      if (single) elements.push({ lane, half: "both" });
      else elements.push({ lane, half: 0 }, { lane, half: 1 });
    }
    this.#values.set(x, elements);
    return places;
  }

  #run(body: Body): boolean {
    for (const node of body.order) {
      if (this.#values.has(node) || isConstant(node)) continue;
      this.#values.set(node, this.#apply(node));
      if (this.#algebra.lanes.length > mostExpressions) return false;
    }
    return true;
  }

  #elements(node: Node): Elements {
    const known = this.#values.get(node);
    if (known) return known;
    const algebra = this.#algebra;
    const number = (x: number): Lane =>
      node.dtype === "bool" ? algebra.truthOf(algebra.constant(x)) : algebra.constant(x);
    const elements = Array.from(node.value!, (x): Element => ({ lane: number(x), half: "both" }));
    this.#values.set(node, elements);
    return elements;
  }

  #apply(node: Node): Elements {
    const { lowering } = node.op;
    const [x, indices] = node.inputs as [Node, Node];
    switch (lowering.kind) {
      case "map": {
        const operands = node.inputs.map((input) => this.#stretched(input, node.shape));
        return this.#pairs.overPairs(sizeOf(node.shape), (at) =>
          lowering.scalar(this.#algebra, operands.map(at), node.attrs),
        );
      }
      case "view":
        return pick(this.#elements(x), viewOffsets(node, lowering.view(node), x.shape));
      case "reduce": {
        const kept = this.#groups(x, node.attrs.axes as readonly number[], sizeOf(node.shape));
        return this.#pairs.combined(kept, (a, b) =>
          combine(this.#algebra, lowering.combine as Exclude<typeof lowering.combine, "logProduct">, a, b),
        );
      }
      case "matmul":
        return this.#product(node);
      case "concat":
        return this.#joined(node);
      case "pad": {
        const { starts, steps } = node.attrs as { starts: readonly number[]; steps: readonly number[] };
        const out = this.#zeros(node);
        const strides = stridesOf(node.shape);
        const start = starts.reduce((o, s, d) => o + s * strides[d]!, 0);
        const elements = this.#elements(x);
        eachOffset(
          x.shape,
          steps.map((s, d) => s * strides[d]!),
          start,
          (at, i) => {
            out[at] = elements[i]!;
          },
        );
        return out;
      }
      case "gather": {
        const row = sizeOf(x.shape.slice(1));
        const elements = this.#elements(x);
        return Array.from(indices.value!).flatMap((index) => elements.slice(index * row, (index + 1) * row));
      }
      case "scatterAdd": {
        const row = sizeOf(node.shape.slice(1));
        const groups: Element[][] = Array.from({ length: sizeOf(node.shape) }, () => []);
        const elements = this.#elements(x);
        indices.value!.forEach((index, i) => {
          for (let j = 0; j < row; j++) groups[index * row + j]!.push(elements[i * row + j]!);
        });
        return groups.map((group) =>
          group.length === 0
            ? this.#pairs.zero()
            : group.reduce((a, b) => this.#pairs.one((of) => this.#algebra.add(of(a), of(b)))),
        );
      }
      default:
        // Reshapes and copies.
        return this.#elements(x);
    }
  }

  #zeros(node: Node): Element[] {
    return Array.from({ length: sizeOf(node.shape) }, () => this.#pairs.zero());
  }
  #stretched(x: Node, shape: Shape): Elements {
    const elements = this.#elements(x);
    const size = sizeOf(shape);
    if (elements.length === size) return elements;
    const lead = shape.length - x.shape.length;
    const strides = stridesOf(x.shape);
    const offsets = new Array<number>(size);
    eachOffset(
      shape,
      shape.map((_, d) => (d < lead || x.shape[d - lead] === 1 ? 0 : strides[d - lead]!)),
      0,
      (at, i) => {
        offsets[i] = at;
      },
    );
    return pick(elements, offsets);
  }

  /** Elements that are reduced to each element of the result, in order. */
  #groups(x: Node, axes: readonly number[], size: number): Element[][] {
    const kept = stridesOf(x.shape.filter((_, d) => !axes.includes(d)));
    let next = 0;
    const strides = x.shape.map((_, d) => (axes.includes(d) ? 0 : kept[next++]!));
    const elements = this.#elements(x);
    const groups: Element[][] = Array.from({ length: size }, () => []);
    eachOffset(x.shape, strides, 0, (at, i) => {
      groups[at]!.push(elements[i]!);
    });
    return groups;
  }
  #product(node: Node): Elements {
    const [a, b] = node.inputs as [Node, Node];
    const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
    const [left, right] = [this.#elements(a), this.#elements(b)];
    const algebra = this.#algebra;
    const out: Element[] = [];
    for (let batch = 0; batch < sizeOf(node.shape) / (m * n); batch++) {
      const places = Array.from(
        { length: m * n },
        (_, i) => [batch * m * k + Math.floor(i / n) * k, batch * k * n + (i % n)] as const,
      );
      let total: Elements | undefined;
      for (let j = 0; j < k; j++) {
        const x = places.map(([row]) => left[row + j]!);
        const y = places.map(([, column]) => right[column + j * n]!);
        const before = total;
        total = this.#pairs.overPairs(m * n, (at) => {
          const term = algebra.mul(at(x), at(y));
          return before ? algebra.add(at(before), term) : term;
        });
      }
      out.push(...total!);
    }
    return out;
  }

  #joined(node: Node): Elements {
    const axis = node.attrs.axis as number;
    const strides = stridesOf(node.shape);
    const out = new Array<Element>(sizeOf(node.shape));
    let start = 0;
    for (const x of node.inputs) {
      const elements = this.#elements(x);
      eachOffset(x.shape, strides, start * strides[axis]!, (at, i) => {
        out[at] = elements[i]!;
      });
      start += x.shape[axis]!;
    }
    return out;
  }
}
