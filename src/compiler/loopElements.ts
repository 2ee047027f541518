/** Numbers of a small body, each a half of some pair of doubles, and what computes them two at a time. */
import type { Lane, LaneAlgebra } from "./lanes.ts";

/** One number: half 0 or 1 of a pair, or a pair with that number in both halves. */
export interface Element {
  readonly lane: Lane;
  readonly half: 0 | 1 | "both";
}
export type Elements = readonly Element[];

export class PairBuilder {
  readonly #algebra: LaneAlgebra;

  constructor(algebra: LaneAlgebra) {
    this.#algebra = algebra;
  }

  /** The number 0. */
  zero(): Element {
    return { lane: this.#algebra.constant(0), half: "both" };
  }
  /** A pair with two elements in its halves; `b` undefined: whatever is beside `a`. */
  #pair(a: Element, b: Element | undefined): Lane {
    if (a.half === "both" && (b === undefined || (b.half === "both" && b.lane === a.lane))) return a.lane;
    if (a.half === 0 && (b === undefined || (b.lane === a.lane && b.half === 1))) return a.lane;
    const other = b ?? a;
    return this.#algebra.pair(a.lane, a.half === 1 ? 1 : 0, other.lane, other.half === 1 ? 1 : 0);
  }
  /** One number in both halves. */
  single(a: Element): Lane {
    return a.half === "both" ? a.lane : this.#algebra.pair(a.lane, a.half, a.lane, a.half);
  }
  /** A number made of others. */
  one(make: (of: (x: Element) => Lane) => Lane): Element {
    return { lane: make((x) => this.single(x)), half: "both" };
  }

  /** `size` elements computed two at a time; `at` gives the operands' elements for the two. */
  overPairs(size: number, make: (at: (operand: Elements) => Lane) => Lane): Elements {
    if (size === 1) return [{ lane: make((operand) => this.single(operand[0]!)), half: "both" }];
    const out: Element[] = [];
    for (let i = 0; i < size; i += 2) {
      const lane = make((operand) => this.#pair(operand[i]!, operand[i + 1]));
      out.push({ lane, half: 0 });
      if (i + 1 < size) out.push({ lane, half: 1 });
    }
    return out;
  }
  /** The elements as pairs. */
  pairsOf(elements: Elements): Lane[] {
    if (elements.length === 1) return [this.single(elements[0]!)];
    const out: Lane[] = [];
    for (let i = 0; i < elements.length; i += 2) {
      // The last of an odd number is kept in both halves, as it is loaded.
      out.push(i + 1 < elements.length ? this.#pair(elements[i]!, elements[i + 1]!) : this.single(elements[i]!));
    }
    return out;
  }

  /** Each group combined to one element, in order. */
  combined(groups: readonly Element[][], two: (a: Lane, b: Lane) => Lane): Elements {
    const [first] = groups as [Element[]];
    if (groups.length === 1 && first.length > 2) return [this.#total(first, two)];
    let total: Elements = groups.map((g) => g[0]!);
    for (let k = 1; k < first.length; k++) {
      const before = total;
      const term = groups.map((g) => g[k]!);
      total = this.overPairs(groups.length, (at) => two(at(before), at(term)));
    }
    return total;
  }
  /** Many elements to one: pairs first, then their halves. */
  #total(elements: readonly Element[], two: (a: Lane, b: Lane) => Lane): Element {
    const lanes: Lane[] = [];
    const even = elements.length & ~1;
    for (let i = 0; i < even; i += 2) lanes.push(this.#pair(elements[i]!, elements[i + 1]!));
    const lane = lanes.reduce(two);
    const halves = this.one((of) => two(of({ lane, half: 0 }), of({ lane, half: 1 })));
    if (even === elements.length) return halves;
    return this.one((of) => two(of(halves), of(elements[even]!)));
  }
}
