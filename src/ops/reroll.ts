/**
 * Re-rolling: a model whose rows were written one by one, in a JavaScript loop, gives a sum of very many small expressions.
 * Those of one form become one expression over all rows, as a plate would have made it.
 *
 * The sum is taken apart into rows and these into their terms. Terms with one template, or with templates that differ only
 * in what the algebra made of particular data, are stacked: constants to data, numbers read from a vector to a gather,
 * nodes that all rows share as they are; and the operations of the template are applied once. A term that is one of its kind,
 * as in a recurrence, where every state is an expression in the one before, stays as it is. Applied before derivatives are
 * taken, so that adjoints and sufficient statistics are those of the short graph.
 */
import type { Node } from "../compiler/graph.ts";
import { apply, isConstant, scalar } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { sameShape } from "../compiler/shapes.ts";
import { topological } from "../compiler/simplify.ts";
import { add, arithmeticOps, mul, neg } from "./arithmetic.ts";
import { passes } from "./passes.ts";
import { sum } from "./reduce.ts";
import { isAlike, signed } from "./rerollColumns.ts";
import { Lifter } from "./rerollLift.ts";
import { Templates } from "./rerollTemplates.ts";
import { reshape } from "./shape.ts";

/** Fewer terms than this are left alone: straight-line code does them as well. */
const fewest = 8;
/** A summand of at least this many terms is a loop of its own, and not a row of the loop around it. */
const longRow = 16;
/** Among more templates than this no similar ones are looked for. */
const mostTemplates = 64;

/** A term of a sum, with its sign. */
interface Term {
  readonly node: Node;
  readonly sign: 1 | -1;
}
/** What one turn of the loop added. */
interface Row extends Term {
  readonly terms: readonly Term[];
}
/** A term and the number of its row. */
interface Entry extends Term {
  readonly row: number;
}
/** Terms rolled into one node, which has one number for each of the rows, or one for all of them. */
interface Roll {
  readonly rows: readonly number[];
  readonly sign: 1 | -1;
  readonly node: Node;
  readonly isStacked: boolean;
}

/**
 * Equal outputs with sums over many similar terms, and stacks of them, made into expressions over rows; the outputs
 * themselves where there are none.
 */
export function reroll(outputs: readonly Node[]): Node[] {
  return passes().reroll ? new Reroller(outputs).run() : [...outputs];
}

const isChain = ({ op, shape }: Node): boolean =>
  shape.length === 0 && (op === arithmeticOps.add || op === arithmeticOps.sub || op === arithmeticOps.neg);
/** Pieces of length 1 joined along the first axis. */
const isStack = ({ op, attrs, inputs }: Node): boolean =>
  op.lowering.kind === "concat" &&
  attrs.axis === 0 &&
  inputs.length >= fewest &&
  inputs.every((x) => x.shape[0] === 1 && sameShape(x.shape, inputs[0]!.shape));

class Reroller {
  readonly #outputs: readonly Node[];
  readonly #order: readonly Node[];
  readonly #users: Map<Node, number> = new Map();
  /** Nodes that are summands of another sum and of nothing else. */
  readonly #absorbed: Set<Node> = new Set();
  /** How many terms a sum has. */
  readonly #lengths: Map<Node, number> = new Map();
  readonly #moved: Map<Node, Node> = new Map();
  readonly #templates: Templates = new Templates();
  readonly #lifter: Lifter = new Lifter();

  constructor(outputs: readonly Node[]) {
    this.#outputs = outputs;
    this.#order = topological(outputs).filter((x) => !isConstant(x));
  }

  run(): Node[] {
    for (const node of this.#order) for (const x of node.inputs) this.#users.set(x, (this.#users.get(x) ?? 0) + 1);
    for (const node of this.#outputs) this.#users.set(node, (this.#users.get(node) ?? 0) + 1);
    const outputs = new Set(this.#outputs);
    for (const node of this.#order) {
      if (!isChain(node)) continue;
      for (const x of node.inputs)
        if (isChain(x) && this.#users.get(x) === 1 && !outputs.has(x)) this.#absorbed.add(x);
      const lengths = node.inputs.map((x) => this.#length(x));
      this.#lengths.set(
        node,
        lengths.reduce((a, b) => a + b),
      );
    }
    const isRoot = (x: Node): boolean => isChain(x) && !this.#absorbed.has(x) && this.#lengths.get(x)! >= fewest;
    const roots = new Set(this.#order.filter((x) => isRoot(x) || isStack(x)));
    if (roots.size === 0) return [...this.#outputs];
    for (const node of this.#order) {
      const rebuilt = this.#rebuild(node);
      this.#templates.count(rebuilt);
      this.#moved.set(node, rebuilt);
      if (!roots.has(node)) continue;
      const rolled = isChain(node) ? this.#rollSum(node) : this.#rollStack(rebuilt);
      if (rolled) this.#moved.set(node, rolled);
    }
    return this.#outputs.map((x) => this.#now(x));
  }

  #now(node: Node): Node {
    return this.#moved.get(node) ?? node;
  }

  /** The node over what its inputs have become. */
  #rebuild(node: Node): Node {
    const inputs = node.inputs.map((x) => this.#now(x));
    if (inputs.every((x, i) => x === node.inputs[i])) return node;
    return withOrigin(node.origin, () => apply(node.op, inputs, node.attrs));
  }

  #length(node: Node): number {
    return this.#absorbed.has(node) ? this.#lengths.get(node)! : 1;
  }

  /** The rows of a sum in the order of the loop. */
  #rows(root: Node, sign: 1 | -1): Row[] {
    const before: Row[][] = [];
    const after: Row[][] = [];
    let node = root;
    let s = sign;
    while (node === root || this.#absorbed.has(node)) {
      const [a, b = undefined] = node.inputs as [Node, Node?];
      if (b === undefined) {
        s = flip(s);
        node = a;
        continue;
      }
      const other = node.op === arithmeticOps.sub ? flip(s) : s;
      if (this.#length(a) >= this.#length(b)) {
        after.push(this.#summand(b, other));
        node = a;
      } else {
        before.push(this.#summand(a, s));
        node = b;
        s = other;
      }
    }
    return [...before.flat(), ...this.#summand(node, s), ...after.reverse().flat()];
  }
  #summand(node: Node, sign: 1 | -1): Row[] {
    if (this.#length(node) >= longRow) return this.#rows(node, sign);
    const terms: Term[] = [];
    this.#collect(node, sign, terms);
    return [{ node, sign, terms }];
  }
  #collect(node: Node, sign: 1 | -1, terms: Term[]): void {
    if (!this.#absorbed.has(node)) {
      terms.push({ node: this.#now(node), sign });
      return;
    }
    const [a, b] = node.inputs as [Node, Node?];
    this.#collect(a, b === undefined ? flip(sign) : sign, terms);
    if (b !== undefined) this.#collect(b, node.op === arithmeticOps.sub ? flip(sign) : sign, terms);
  }

  /** A sum with its similar terms rolled, or undefined when it has too few of them. */
  #rollSum(root: Node): Node | undefined {
    const rows = this.#rows(root, 1);
    const rolled = new Set<Node>();
    const rolls: Roll[] = [];
    for (const entries of this.#classes(rows)) {
      const roll = rollTerms(entries, this.#lifter);
      if (!roll) continue;
      rolls.push(roll);
      for (const { node } of entries) rolled.add(node);
    }
    if (rolls.length === 0) return undefined;
    return withOrigin(root.origin, () => this.#total(rows, rolled, rolls));
  }

  /** Terms of one form, by form, in the order of their rows. */
  #classes(rows: readonly Row[]): Entry[][] {
    const buckets = new Map<string, Entry[]>();
    rows.forEach(({ terms }, row) => {
      for (const { node, sign } of terms) {
        if (isConstant(node)) continue;
        const key = `${sign} ${this.#templates.of(node)}`;
        const found = buckets.get(key);
        if (found) found.push({ node, sign, row });
        else buckets.set(key, [{ node, sign, row }]);
      }
    });
    const bySize = [...buckets.values()].sort((a, b) => b.length - a.length);
    const classes = bySize.length <= mostTemplates ? merged(bySize) : bySize;
    return classes.filter((c) => c.length >= fewest).sort((a, b) => a[0]!.row - b[0]!.row);
  }

  #total(rows: readonly Row[], rolled: ReadonlySet<Node>, rolls: readonly Roll[]): Node {
    const parts: { readonly row: number; readonly node: Node; readonly sign: 1 | -1 }[] = [];
    let constant = 0;
    rows.forEach((row, i) => {
      if (!row.terms.some(({ node }) => rolled.has(node))) {
        parts.push({ row: i, node: this.#now(row.node), sign: row.sign });
        return;
      }
      for (const { node, sign } of row.terms) {
        if (isConstant(node)) constant += sign * node.value![0]!;
        else if (!rolled.has(node)) parts.push({ row: i, node, sign });
      }
    });
    const sums = together(rolls).map((group) => ({ row: group[0]!.rows[0]!, node: sumOf(group), sign: 1 as const }));
    const ordered = [...parts, ...sums].sort((a, b) => a.row - b.row);
    const total = ordered
      .map(({ node, sign }) => (sign < 0 ? neg(node) : node))
      .reduce((a, b) => add(a, b));
    return constant === 0 ? total : add(total, scalar(constant));
  }

  /** A stack of similar pieces as one expression. */
  #rollStack(node: Node): Node | undefined {
    if (!isStack(node) || node.inputs.some(isConstant)) return undefined;
    const pieces = new Map(node.inputs.map((x) => [this.#templates.of(x), x]));
    if (pieces.size > fewest || !isAlike([...pieces.values()])) return undefined;
    const [first] = node.inputs as [Node];
    // Bare variables have to be put side by side, whatever is done.
    if (first.op.lowering.kind === "reshape" && first.inputs[0]!.op.lowering.kind === "input") return undefined;
    const rolled = this.#lifter.roll(node.inputs);
    return rolled?.isStacked ? withOrigin(node.origin, () => reshape(rolled.node, node.shape)) : undefined;
  }
}

const flip = (sign: 1 | -1): 1 | -1 => (sign < 0 ? 1 : -1);

/** Terms of several signs are written with the sign inside. */
const forms = (entries: readonly Entry[]): Node[] => {
  const { sign } = entries[0]!;
  const isMixed = entries.some((e) => e.sign !== sign);
  return entries.map((e) => (isMixed ? signed(e.node, e.sign) : e.node));
};

/** Joins the terms of templates that are one form: x beside x · 3, of which the datum was 1. */
function merged(bySize: readonly Entry[][]): Entry[][] {
  const classes: { entries: Entry[]; heads: Entry[] }[] = [];
  for (const bucket of bySize) {
    const head = bucket[0]!;
    const found = classes.find(({ heads }) => isAlike(forms([...heads, head])));
    if (found) {
      found.entries.push(...bucket);
      found.heads.push(head);
    } else classes.push({ entries: [...bucket], heads: [head] });
  }
  return classes.map(({ entries, heads }) => (heads.length > 1 ? entries.sort((a, b) => a.row - b.row) : entries));
}

function rollTerms(entries: readonly Entry[], lifter: Lifter): Roll | undefined {
  const { sign } = entries[0]!;
  const rolled = lifter.roll(forms(entries));
  if (!rolled) return undefined;
  const isMixed = entries.some((e) => e.sign !== sign);
  return { rows: entries.map((e) => e.row), sign: isMixed ? 1 : sign, ...rolled };
}

/** Rolls over the same rows, which are one loop. */
function together(rolls: readonly Roll[]): Roll[][] {
  const groups: Roll[][] = [];
  for (const roll of rolls) {
    const found = groups.find(([first]) => first!.isStacked && roll.isStacked && sameShape(first!.rows, roll.rows));
    if (found) found.push(roll);
    else groups.push([roll]);
  }
  return groups;
}

function sumOf(group: readonly Roll[]): Node {
  const [first] = group as [Roll];
  if (!first.isStacked) return mul(scalar(first.sign * first.rows.length), first.node);
  const each = group
    .map(({ node, sign }) => (sign < 0 ? neg(node) : node))
    .reduce((a, b) => add(a, b));
  return sum(each, [0]);
}
