/** Long sums of numbers taken apart: rows, which are what one turn of a loop added, and their terms. */
import type { Node } from "../compiler/graph.ts";
import { constant, isConstant } from "../compiler/node.ts";
import { arithmeticOps } from "./arithmetic.ts";
import { isSum } from "./rollable.ts";

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

const { sub } = arithmeticOps;

/**
 * A graph for finding sums in: its nodes, constants left out, inputs first. Tens of thousands of small nodes are met here, by
 * code that has not been optimised yet: what is known of them lies in arrays, and no iterators are made.
 */
export class Sums {
  /** Nodes by the place at which they were found, and the places in the order of creation. */
  readonly #nodes: Node[] = [];
  readonly #places: Map<number, number> = new Map();
  readonly #byAge: Int32Array;
  readonly #users: Int32Array;
  /** A summand of another sum and of nothing else. */
  readonly #isPart: Uint8Array;
  /** How many terms a sum has. */
  readonly #length: Int32Array;

  /**
   * @param descends - whether to look at the inputs of a node; those of every node unless given
   */
  constructor(outputs: readonly Node[], descends: (x: Node) => boolean = () => true) {
    const nodes = this.#nodes;
    const users: number[] = [];
    const find = (x: Node): void => {
      if (x.op === constant || isConstant(x)) return;
      const place = this.#places.get(x.id);
      if (place !== undefined) {
        users[place]!++;
        return;
      }
      this.#places.set(x.id, nodes.length);
      nodes.push(x);
      users.push(1);
    };
    // An output is used by more than the sums it is in.
    for (let twice = 0; twice < 2; twice++) outputs.forEach(find);
    for (let i = 0; i < nodes.length; i++) if (descends(nodes[i]!)) nodes[i]!.inputs.forEach(find);
    // Ids and places in one number, so that they can be sorted without a comparison function.
    const size = nodes.length;
    const keys = new Float64Array(size);
    for (let i = 0; i < size; i++) keys[i] = nodes[i]!.id * size + i;
    this.#byAge = Int32Array.from(keys.sort(), (key) => key % size);
    this.#users = Int32Array.from(users);
    this.#isPart = new Uint8Array(size);
    this.#length = new Int32Array(size);
    this.#measure();
  }

  /** The nodes, inputs first. */
  order(): Node[] {
    return Array.from(this.#byAge, (place) => this.#nodes[place]!);
  }

  /** Takes account of uses that were not among the nodes looked at. */
  addUsers(used: Iterable<number>): void {
    let isNews = false;
    for (const id of used) {
      const place = this.#places.get(id);
      if (place === undefined) continue;
      this.#users[place]!++;
      isNews ||= this.#isPart[place] === 1;
    }
    if (isNews) this.#measure();
  }

  #measure(): void {
    this.#isPart.fill(0);
    for (let i = 0; i < this.#byAge.length; i++) {
      const node = this.#nodes[this.#byAge[i]!]!;
      if (!isSum(node)) continue;
      let length = 0;
      for (let k = 0; k < node.inputs.length; k++) {
        const place = this.#places.get(node.inputs[k]!.id);
        const isPart = place !== undefined && this.#users[place] === 1 && this.#length[place]! > 0;
        if (isPart) this.#isPart[place] = 1;
        length += isPart ? this.#length[place]! : 1;
      }
      this.#length[this.#byAge[i]!] = length;
    }
  }

  /** Whether a node is a sum of at least so many terms, and no part of another one. */
  isWhole(node: Node, terms: number): boolean {
    const place = this.#places.get(node.id);
    return place !== undefined && this.#length[place]! >= terms && this.#isPart[place] === 0;
  }

  #isPartOfSum(node: Node): boolean {
    const place = this.#places.get(node.id);
    return place !== undefined && this.#isPart[place] === 1;
  }
  #terms(node: Node): number {
    const place = this.#places.get(node.id);
    return place !== undefined && this.#isPart[place] === 1 ? this.#length[place]! : 1;
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
