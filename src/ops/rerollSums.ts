/** Long sums of numbers taken apart: rows, which are what one turn of a loop added, and their terms. */
import type { Node } from "../compiler/graph.ts";
import { constant, isConstant } from "../compiler/node.ts";
import { arithmeticOps } from "./arithmetic.ts";

export type Sign = 1 | -1;
export const flip = (sign: Sign): Sign => (sign < 0 ? 1 : -1);

/** A term of a sum, with its sign. */
export interface Term {
  readonly node: Node;
  readonly sign: Sign;
}
/** What one turn of a loop added. */
export interface Row extends Term {
  readonly terms: readonly Term[];
}

/** A summand of at least this many terms is a loop of its own, and not a row of the loop around it. */
const longRow = 16;

const { add, sub, neg } = arithmeticOps;
/** Whether a node adds, subtracts or negates numbers. */
export const isSum = ({ op, shape }: Node): boolean => (op === add || op === sub || op === neg) && shape.length === 0;

/**
 * A graph for finding sums in: its nodes, constants left out, inputs first. Tens of thousands of small nodes are met here, by
 * code that has not been optimised yet: what is known of them lies in arrays, and no iterators are made.
 */
export class Sums {
  readonly order: readonly Node[];
  readonly #index: ReadonlyMap<number, number>;
  readonly #users: Int32Array;
  /** A summand of another sum and of nothing else. */
  readonly #isPart: Uint8Array;
  /** How many terms a sum has. */
  readonly #length: Int32Array;

  /**
   * @param descends - whether to look at the inputs of a node; those of every node unless given
   */
  constructor(outputs: readonly Node[], descends: (x: Node) => boolean = () => true) {
    const reached = reachable(outputs, descends);
    const ids = new Float64Array(reached.size);
    let next = 0;
    reached.forEach((_node, id) => {
      ids[next++] = id;
    });
    const order: Node[] = [];
    const index = new Map<number, number>();
    ids.sort().forEach((id, i) => {
      order.push(reached.get(id)!);
      index.set(id, i);
    });
    this.order = order;
    this.#index = index;
    this.#users = new Int32Array(order.length);
    this.#isPart = new Uint8Array(order.length);
    this.#length = new Int32Array(order.length);
    const use = (x: Node): void => {
      const i = index.get(x.id);
      if (i !== undefined) this.#users[i]!++;
    };
    for (let i = 0; i < order.length; i++) if (descends(order[i]!)) order[i]!.inputs.forEach(use);
    // An output is used by more than the sums it is in.
    for (const node of outputs) for (let twice = 0; twice < 2; twice++) use(node);
    this.#measure();
  }

  /** Takes account of uses that were not among the nodes looked at. */
  addUsers(used: Iterable<number>): void {
    let isNews = false;
    for (const id of used) {
      const i = this.#index.get(id);
      if (i === undefined) continue;
      this.#users[i]!++;
      isNews ||= this.#isPart[i] === 1;
    }
    if (isNews) this.#measure();
  }

  #measure(): void {
    this.#isPart.fill(0);
    for (let i = 0; i < this.order.length; i++) {
      const node = this.order[i]!;
      if (!isSum(node)) continue;
      let length = 0;
      for (let k = 0; k < node.inputs.length; k++) {
        const at = this.#index.get(node.inputs[k]!.id);
        const isPart = at !== undefined && this.#users[at] === 1 && this.#length[at]! > 0;
        if (isPart) this.#isPart[at] = 1;
        length += isPart ? this.#length[at]! : 1;
      }
      this.#length[i] = length;
    }
  }

  /** Whether a node is a sum of at least so many terms, and no part of another one. */
  isWhole(node: Node, terms: number): boolean {
    const i = this.#index.get(node.id);
    return i !== undefined && this.#length[i]! >= terms && this.#isPart[i] === 0;
  }

  #isPartOfSum(node: Node): boolean {
    const i = this.#index.get(node.id);
    return i !== undefined && this.#isPart[i] === 1;
  }
  #terms(node: Node): number {
    const i = this.#index.get(node.id);
    return i !== undefined && this.#isPart[i] === 1 ? this.#length[i]! : 1;
  }

  /** The rows of a whole sum, in the order of the loop. */
  rows(root: Node): Row[] {
    const rows: Row[] = [];
    this.#collectRows(root, 1, rows);
    return rows;
  }

  /** Follows the longer side of each sum; the shorter ones are the rows. */
  #collectRows(root: Node, sign: Sign, rows: Row[]): void {
    const after: Term[] = [];
    let node = root;
    let s = sign;
    do {
      const a = node.inputs[0]!;
      const b = node.inputs[1];
      const other = node.op === sub ? flip(s) : s;
      if (b === undefined) {
        s = flip(s);
        node = a;
      } else if (this.#terms(a) >= this.#terms(b)) {
        after.push({ node: b, sign: other });
        node = a;
      } else {
        this.#collectRow(a, s, rows);
        s = other;
        node = b;
      }
    } while (this.#isPartOfSum(node));
    this.#collectRow(node, s, rows);
    for (let i = after.length - 1; i >= 0; i--) this.#collectRow(after[i]!.node, after[i]!.sign, rows);
  }
  #collectRow(node: Node, sign: Sign, rows: Row[]): void {
    if (this.#terms(node) >= longRow) {
      this.#collectRows(node, sign, rows);
      return;
    }
    const terms: Term[] = [];
    this.#collectTerms(node, sign, terms);
    rows.push({ node, sign, terms });
  }
  #collectTerms(node: Node, sign: Sign, terms: Term[]): void {
    if (!this.#isPartOfSum(node)) {
      terms.push({ node, sign });
      return;
    }
    const a = node.inputs[0]!;
    const b = node.inputs[1];
    this.#collectTerms(a, b === undefined ? flip(sign) : sign, terms);
    if (b !== undefined) this.#collectTerms(b, node.op === sub ? flip(sign) : sign, terms);
  }
}

/** Nodes that are no constants, by id. */
function reachable(outputs: readonly Node[], descends: (x: Node) => boolean): Map<number, Node> {
  const reached = new Map<number, Node>();
  const pending = [...outputs];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (node.op === constant || reached.has(node.id) || isConstant(node)) continue;
    reached.set(node.id, node);
    if (descends(node)) for (let k = 0; k < node.inputs.length; k++) pending.push(node.inputs[k]!);
  }
  return reached;
}
