/**
 * Re-rolling: a model whose rows were written one by one, in a JavaScript loop, gives a sum of very many small expressions.
 * Those of one form become one expression over all rows, as a plate would have made it.
 *
 * The sum is taken apart into rows and these into their terms. Terms with one template, or with templates that differ only
 * in what the algebra made of particular data, are stacked: constants to data, numbers read from a vector to a gather,
 * nodes that all rows share as they are; and the operations of the template are applied once. In a recurrence every state is an
 * expression in the one before, and stays as it is; what rows make of their states is rolled. Applied before derivatives are
 * taken, so that adjoints and sufficient statistics are those of the short graph.
 */
import type { Node, Op } from "../compiler/graph.ts";
import { apply, isConstant, scalar } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { passes } from "../compiler/passes.ts";
import { sameShape } from "../compiler/shapes.ts";
import { add, arithmeticOps, mul, neg } from "./arithmetic.ts";
import { sum } from "./reduce.ts";
import { isAlike, isInput, signed } from "./rerollColumns.ts";
import { Lifter } from "./rerollLift.ts";
import { sharedStates } from "./rerollStates.ts";
import { type Row, type Sign, Sums, type Term } from "./rerollSums.ts";
import { Templates } from "./rerollTemplates.ts";
import { fewest, isSum } from "./rollable.ts";
import { reshape } from "./shape.ts";

/** Among more templates than this no similar ones are looked for. */
const mostTemplates = 64;

/** A term of a row, and what has become of its node. */
interface Entry extends Term {
  readonly term: Term;
  readonly row: number;
}
/** Terms rolled into one node, which has one number for each of the rows, or one for all of them. */
interface Roll {
  readonly rows: readonly number[];
  readonly sign: Sign;
  readonly node: Node;
  readonly isStacked: boolean;
}

/**
 * Equal outputs in which sums of many similar terms, and stacks of similar pieces, are expressions over rows; the outputs
 * themselves where there are none.
 */
export function reroll(outputs: readonly Node[]): Node[] {
  if (!passes().reroll) return [...outputs];
  return rerollOneLoop(outputs) ?? new Reroller(new Sums(outputs), new Templates(true)).run(outputs);
}

/** The same for a single output that is a loop without loops in it, which need not be looked at node by node. */
function rerollOneLoop(outputs: readonly Node[]): Node[] | undefined {
  const [root] = outputs as [Node];
  if (outputs.length > 1 || !isSum(root)) return undefined;
  const sums = new Sums(outputs, isSum);
  const templates = new Templates(false);
  if (!sums.isWhole(root, fewest)) return undefined;
  sums.rows(root).forEach(({ terms }) => {
    terms.forEach(({ node }) => templates.of(node));
  });
  if (!templates.isSimple) return undefined;
  sums.addUsers(templates.usedSums);
  return [new Reroller(sums, templates).rollSum(root) ?? root];
}

/** Pieces of length 1 joined along the first axis. */
const isStack = ({ op, attrs, inputs }: Node): boolean =>
  op.lowering.kind === "concat" &&
  attrs.axis === 0 &&
  inputs.length >= fewest &&
  inputs.every((x) => x.shape[0] === 1 && sameShape(x.shape, inputs[0]!.shape));

class Reroller {
  readonly #sums: Sums;
  readonly #templates: Templates;
  /** What nodes have become; those that have not changed are absent. */
  readonly #moved: Map<Node, Node> = new Map();
  readonly #lifter: Lifter = new Lifter();

  constructor(sums: Sums, templates: Templates) {
    this.#sums = sums;
    this.#templates = templates;
  }

  /** What outputs with loops anywhere become. */
  run(outputs: readonly Node[]): Node[] {
    const order = this.#sums.order();
    const isLong = (x: Node): boolean => this.#sums.isWhole(x, fewest);
    const loops = new Set(order.filter((x) => isLong(x) || isStack(x)));
    if (loops.size === 0) return [...outputs];
    for (const node of order) this.#templates.count(node);
    for (const node of order) {
      const rebuilt = this.#moved.size === 0 ? node : this.#rebuild(node);
      // In this order nothing is nested deeply, however long a recurrence is.
      this.#templates.of(rebuilt);
      const rolled = !loops.has(node) ? undefined : isLong(node) ? this.rollSum(node) : this.#rollStack(rebuilt);
      const now = rolled ?? rebuilt;
      if (now === node) continue;
      this.#moved.set(node, now);
      this.#templates.replace(node, now);
    }
    return outputs.map((x) => this.#now(x));
  }

  #now(node: Node): Node {
    return this.#moved.get(node) ?? node;
  }

  /** The node over what its inputs have become. */
  #rebuild(node: Node): Node {
    if (!node.inputs.some((x) => this.#moved.has(x))) return node;
    const inputs = node.inputs.map((x) => this.#now(x));
    return withOrigin(node.origin, () => apply(node.op, inputs, node.attrs));
  }

  /** A sum with its similar terms rolled, or undefined when it has too few of them. */
  rollSum(root: Node): Node | undefined {
    const rows = this.#sums.rows(root);
    const rolled = new Set<Term>();
    const rolls: Roll[] = [];
    const rollEach = (classes: readonly (readonly Entry[])[], lifter: Lifter): void => {
      for (const entries of classes) {
        const roll = rollTerms(entries, lifter);
        if (!roll) continue;
        rolls.push(roll);
        for (const { term } of entries) rolled.add(term);
      }
    };
    const entries = this.#entries(rows);
    rollEach(this.#classes(rows, entries), this.#lifter);
    const rest = entries.filter(({ term }) => !rolled.has(term));
    if (rest.length >= fewest) {
      const states = sharedStates(rest);
      rollEach(ofOneState(rest, states), new Lifter((x) => isInput(x) || states.has(x)));
    }
    if (rolls.length === 0) return undefined;
    rolls.sort((a, b) => a.rows[0]! - b.rows[0]!);
    return withOrigin(root.origin, () => this.#total(rows, rolled, rolls));
  }

  #entries(rows: readonly Row[]): Entry[] {
    const entries: Entry[] = [];
    rows.forEach(({ terms }, row) => {
      terms.forEach((term) => {
        const node = this.#now(term.node);
        if (!isConstant(node)) entries.push({ term, node, sign: term.sign, row });
      });
    });
    return entries;
  }

  /** Terms of one form, by form, in the order of their rows; the largest first. */
  #classes(rows: readonly Row[], entries: readonly Entry[]): (readonly Entry[])[] {
    const same = bucketed(entries, ({ node, sign }) => 2 * node.id + (sign < 0 ? 1 : 0));
    const repeated = same.filter((b) => b.length >= fewest);
    const isRepeated = new Set(repeated.flat());
    const different = repeated.length === 0 ? entries : entries.filter((e) => !isRepeated.has(e));
    const forms = bucketed(different, formOf(this.#templates));
    // A variable that is a row by itself, as log-Jacobians are, is no x · 1 of somebody's data.
    const isAlone = ([{ node, row }]: readonly [Entry]): boolean =>
      node.op.lowering.kind === "input" && rows[row]!.terms.length === 1;
    const alone = forms.filter((bucket) => isAlone(bucket as [Entry]));
    const others = alone.length === 0 ? forms : forms.filter((bucket) => !alone.includes(bucket));
    const classes = others.length <= mostTemplates && areEnough(others) ? merged(others) : others;
    return [...repeated, ...classes, ...alone].filter((c) => c.length >= fewest);
  }

  /** Everything added up again, rolled terms in the place of the first of them. */
  #total(rows: readonly Row[], rolled: ReadonlySet<Term>, rolls: readonly Roll[]): Node {
    const parts: (Term & { readonly row: number })[] = together(rolls).map(([first, ...rest]) => ({
      row: first!.rows[0]!,
      node: sumOf([first!, ...rest]),
      sign: 1,
    }));
    let constant = 0;
    rows.forEach((whole, row) => {
      const apart = whole.terms.some((term) => rolled.has(term)) ? whole.terms : [whole];
      for (const term of apart) {
        if (rolled.has(term)) continue;
        const node = this.#now(term.node);
        if (isConstant(node)) constant += term.sign * node.value![0]!;
        else parts.push({ row, node, sign: term.sign });
      }
    });
    const total = parts
      .sort((a, b) => a.row - b.row)
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

const formOf =
  (templates: Templates) =>
  ({ node, sign }: Entry): number =>
    2 * templates.of(node) + (sign < 0 ? 1 : 0);

/** Terms that compute the same of the states of their rows. */
function ofOneState(entries: readonly Entry[], states: ReadonlySet<Node>): Entry[][] {
  const templates = new Templates(true, (x) => states.has(x));
  const computing = entries.filter(({ node }) => !states.has(node) && !isInput(node));
  return bucketed(computing, formOf(templates)).filter((c) => c.length >= fewest);
}

const byRow = (a: Entry, b: Entry): number => a.row - b.row;

/** Entries with equal keys, in their order; the largest buckets first. */
function bucketed(entries: readonly Entry[], keyOf: (entry: Entry) => number): Entry[][] {
  const buckets = new Map<number, Entry[]>();
  entries.forEach((entry) => {
    const key = keyOf(entry);
    const found = buckets.get(key);
    if (found) found.push(entry);
    else buckets.set(key, [entry]);
  });
  return [...buckets.values()].sort((a, b) => b.length - a.length);
}

/** Terms of several signs are written with the sign inside. */
const forms = (entries: readonly Entry[]): Node[] => {
  const { sign } = entries[0]!;
  const isMixed = entries.some((e) => e.sign !== sign);
  return entries.map((e) => (isMixed ? signed(e.node, e.sign) : e.node));
};

/**
 * Whether so many terms could be of one form that it is worth comparing them: forms with different operations are alike only
 * where one of them is a sum, or once signs and constant factors are left out.
 */
function areEnough(buckets: readonly Entry[][]): boolean {
  const counts = new Map<Op, number>();
  let sums = 0;
  for (const bucket of buckets) {
    const { op } = unscaled(bucket[0]!.node);
    if (op === arithmeticOps.add || op === arithmeticOps.sub) sums += bucket.length;
    else counts.set(op, (counts.get(op) ?? 0) + bucket.length);
  }
  return Math.max(0, ...counts.values()) + sums >= fewest;
}
function unscaled(x: Node): Node {
  const [a, b] = x.inputs;
  if (x.op === arithmeticOps.neg) return unscaled(a!);
  if (x.op !== arithmeticOps.mul) return x;
  return isConstant(b!) ? unscaled(a!) : isConstant(a!) ? unscaled(b!) : x;
}

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
  return classes.map(({ entries, heads }) => (heads.length > 1 ? entries.sort(byRow) : entries));
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
  const each = group.map(({ node, sign }) => (sign < 0 ? neg(node) : node)).reduce((a, b) => add(a, b));
  return sum(each, [0]);
}
