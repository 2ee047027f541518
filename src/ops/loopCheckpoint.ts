/**
 * Loops whose carried values are not kept for their adjoints but computed again, when a program is compiled: of T steps in blocks of k,
 * the carried values before each block are kept, T/k of them, and those inside of a block while the adjoint passes through it.
 *
 * Both loops become loops over blocks with a loop over steps inside. The steps, and the order in which anything is added up, stay what
 * they were, so that results have the same bits.
 */
import type { Attrs, Node } from "../compiler/graph.ts";
import { type LoopAttrs, layoutOf, loopAttrs, type Segment } from "../compiler/loop.ts";
import { Body } from "../compiler/loopBody.ts";
import { apply, inputNode, isConstant } from "../compiler/node.ts";
import { passes } from "../compiler/passes.ts";
import { topological } from "../compiler/simplify.ts";
import { concat } from "./joins.ts";
import { type LoopPieces, replaceLoops, unread } from "./loopPieces.ts";
import { reshape, slice } from "./shape.ts";

/** Carried values are kept up to this many numbers: 64 MB. */
export const recordLimit: number = 2 ** 23;

/** A loop whose records one other loop reads as rows, and nothing else does: which row is which carried value. */
interface Pair {
  readonly forward: Node;
  readonly adjoint: Node;
  readonly records: ReadonlyMap<number, number>;
}

/** The outputs with loops computed again where that was asked for, or where they would keep more than `limit` numbers. */
export function checkpointLoops(outputs: readonly Node[], limit: number): readonly Node[] {
  if (!passes().checkpoints) return outputs;
  const order = topological(outputs);
  const pairs = order.flatMap((node) => pairOf(node, order, outputs, limit) ?? []);
  if (pairs.length === 0) return outputs;
  const blocks = new Map<Node, Blocks>();
  return replaceLoops(outputs, (node, inputs) => {
    const own = pairs.find((p) => p.forward === node);
    if (own) {
      const made = new Blocks(own, inputs);
      blocks.set(node, made);
      return made.forward();
    }
    const pair = pairs.find((p) => p.adjoint === node);
    return pair && blocks.get(pair.forward)!.adjoint(inputs);
  });
}

/** A loop that is to be computed again, with its adjoint; undefined when it is none. */
function pairOf(node: Node, order: readonly Node[], outputs: readonly Node[], limit: number): Pair | undefined {
  if (node.op.lowering.kind !== "loop") return undefined;
  const attrs = loopAttrs(node.attrs);
  const layout = layoutOf(attrs);
  const numbers = layout.records.reduce((n, s) => n + s.size, 0);
  const isWanted = attrs.checkpoint !== false && numbers > (attrs.checkpoint === undefined ? limit : 0);
  if (!isWanted || attrs.trips !== "fixed" || attrs.length < 2 * blockLength(attrs)) return undefined;
  const usersOf = (x: Node): Node[] => order.filter((y) => !isConstant(y) && y.inputs.includes(x));
  const views = new Map<Node, number>();
  for (const user of usersOf(node)) {
    const { starts, steps } = user.attrs as { starts?: readonly number[]; steps?: readonly number[] };
    if (user.op.name !== "slice" || steps![0] !== 1) return undefined;
    const [from, to] = [starts![0]!, starts![0]! + user.shape[0]!];
    const k = layout.records.findIndex((s) => s.size > 0 && from < s.start + s.size && s.start < to);
    if (k < 0) continue;
    const { start, size } = layout.records[k]!;
    if (from !== start || to !== start + size) return undefined;
    views.set(user, k);
    for (const shaped of usersOf(user)) if (shaped.op.lowering.kind === "reshape") views.set(shaped, k);
  }
  const readers = new Set([...views.keys()].flatMap(usersOf).filter((x) => !views.has(x)));
  const [adjoint, other] = readers;
  if (!adjoint || other || adjoint.op !== node.op || outputs.some((x) => views.has(x))) return undefined;
  const its = loopAttrs(adjoint.attrs);
  const records = new Map<number, number>();
  for (const [i, x] of adjoint.inputs.entries()) {
    const k = views.get(x);
    if (k === undefined) continue;
    if (i < its.carries || i >= its.carries + its.rows) return undefined;
    records.set(i - its.carries, k);
  }
  const fits = its.trips === "fixed" && its.length === attrs.length && its.reverse !== attrs.reverse;
  return fits && layoutOf(its).records.every((s) => s.size === 0) ? { forward: node, adjoint, records } : undefined;
}

/** As many steps in a block as there are blocks, unless a number was given. */
const blockLength = ({ checkpoint, length }: LoopAttrs): number =>
  typeof checkpoint === "number" ? checkpoint : Math.ceil(Math.sqrt(length));

const stretch = (flat: Node, { start, size, shape }: Segment): Node =>
  reshape(slice(flat, [start], [start + size]), shape);
const placeholder = (x: Node): Node => inputNode(x.shape, x.dtype, "block");

/** A loop over some steps of another, as a node. */
function loopOver(node: Node, inputs: readonly Node[], length: number, unrecorded: readonly number[]) {
  const attrs: LoopAttrs = { ...loopAttrs(node.attrs), length, unrecorded, checkpoint: undefined };
  const made = apply(node.op, inputs, attrs as unknown as Attrs);
  const layout = layoutOf(attrs);
  const views = (segments: readonly Segment[]) => segments.map((s) => (s.size > 0 ? stretch(made, s) : undefined));
  return {
    finals: views(layout.finals) as Node[],
    results: views(layout.results) as Node[],
    records: views(layout.records),
  };
}

/** Both loops of a pair in blocks. Steps that fill no block come last, or first in the adjoint; their carried values are kept. */
class Blocks {
  readonly #pair: Pair;
  readonly #attrs: LoopAttrs;
  readonly #inputs: readonly Node[];
  /** Steps in a block, blocks, and steps left over. */
  readonly #size: number;
  readonly #count: number;
  readonly #left: number;
  /** Carried values before the blocks, and before the steps that are left over. */
  #before: readonly (Node | undefined)[] = [];
  #leftRecords: readonly (Node | undefined)[] = [];

  constructor(pair: Pair, inputs: readonly Node[]) {
    this.#pair = pair;
    this.#attrs = loopAttrs(pair.forward.attrs);
    this.#inputs = inputs;
    this.#size = blockLength(this.#attrs);
    this.#count = Math.floor(this.#attrs.length / this.#size);
    this.#left = this.#attrs.length - this.#count * this.#size;
  }

  /** Rows of the blocks, as [blocks, steps, …], and those that are left over. */
  #blocksOf(rows: Node): Node {
    const [from, to] = this.#attrs.reverse ? [this.#left, this.#attrs.length] : [0, this.#count * this.#size];
    return reshape(slice(rows, [from], [to]), [this.#count, this.#size, ...rows.shape.slice(1)]);
  }
  #leftOf(rows: Node): Node {
    const [from, to] = this.#attrs.reverse ? [0, this.#left] : [this.#count * this.#size, this.#attrs.length];
    return slice(rows, [from], [to]);
  }
  /** Results of blocks and of what is left over, in the order of rows. */
  #joined(blocks: Node, left: Node | undefined): Node {
    const rows = reshape(blocks, [this.#count * this.#size, ...blocks.shape.slice(2)]);
    if (!left) return rows;
    return concat(this.#attrs.reverse ? [left, rows] : [rows, left], 0);
  }

  forward(): LoopPieces {
    const { forward: node } = this.#pair;
    const { body, carries, rows, unrecorded = [], reverse } = this.#attrs;
    const inputs = this.#inputs;
    const all = body.inputs.slice(0, carries).map((_, k) => k);
    const inner = body.inputs.map((x, i) => placeholder(i < carries || i >= carries + rows ? x : this.#block(x)));
    const block = loopOver(node, inner, this.#size, all);
    const outer = this.#outer(
      node,
      reverse,
      carries,
      inner,
      [...block.finals, ...block.results],
      [
        ...inputs.slice(0, carries),
        ...inputs.slice(carries, carries + rows).map((x) => this.#blocksOf(x)),
        ...inputs.slice(carries + rows),
      ],
    );
    this.#before = outer.records;
    const left =
      this.#left === 0
        ? undefined
        : loopOver(
            node,
            [
              ...outer.finals,
              ...inputs.slice(carries, carries + rows).map((x) => this.#leftOf(x)),
              ...inputs.slice(carries + rows),
            ],
            this.#left,
            unrecorded,
          );
    this.#leftRecords = left?.records ?? [];
    const layout = layoutOf(this.#attrs);
    // Only the adjoint reads them, and it reads them no more.
    const unread = layout.records.map(({ shape }) => inputNode(shape, "float64", "record"));
    return {
      finals: all.map((k) => () => (left ?? outer).finals[k]!),
      results: outer.results.map((x, j) => () => this.#joined(x, left?.results[j])),
      records: unread.map((x) => () => x),
    };
  }

  adjoint(inputs: readonly Node[]): LoopPieces {
    const { forward, adjoint: node, records } = this.#pair;
    const its = loopAttrs(node.attrs);
    const { body, carries, rows } = this.#attrs;
    const first = its.carries + its.rows;
    const isRecord = (i: number): boolean => records.has(i - its.carries);
    const own = inputs.flatMap((_, i) => (isRecord(i) ? [] : [i]));
    // The body of the loop over blocks: what the adjoint has of its own, then what the forward loop needs to begin a block.
    const isRow = (i: number): boolean => i >= its.carries && i < first;
    const ownInside = new Map(
      own.map((i) => [i, placeholder(isRow(i) ? this.#block(its.body.inputs[i]!) : its.body.inputs[i]!)]),
    );
    const again = body.inputs.map((x, i) => placeholder(i >= carries && i < carries + rows ? this.#block(x) : x));
    const unreadCarries = body.inputs
      .slice(0, carries)
      .flatMap((_, k) => ([...records.values()].includes(k) ? [] : [k]));
    const values = loopOver(forward, again, this.#size, unreadCarries).records;
    const block = loopOver(
      node,
      inputs.map((_, i) => ownInside.get(i) ?? values[records.get(i - its.carries)!]!),
      this.#size,
      its.body.inputs.slice(0, its.carries).map((_, k) => k),
    );
    const left =
      this.#left === 0
        ? undefined
        : loopOver(
            node,
            inputs.map((x, i) =>
              isRecord(i) ? this.#leftRecords[records.get(i - its.carries)!]! : isRow(i) ? this.#leftOf(x) : x,
            ),
            this.#left,
            its.unrecorded ?? [],
          );
    const ownRows = own.filter(isRow);
    const ownClosures = own.filter((i) => i >= first);
    const inside = [
      ...own.filter((i) => i < its.carries).map((i) => ownInside.get(i)!),
      ...ownRows.map((i) => ownInside.get(i)!),
      ...again.slice(0, carries + rows),
      ...ownClosures.map((i) => ownInside.get(i)!),
      ...again.slice(carries + rows),
    ];
    const started = left?.finals ?? inputs.slice(0, its.carries);
    const outer = this.#outer(
      node,
      its.reverse,
      its.carries,
      inside,
      [...block.finals, ...block.results],
      [
        ...started,
        ...ownRows.map((i) => this.#blocksOf(inputs[i]!)),
        ...this.#before.map((x) => x!),
        ...this.#inputs.slice(carries, carries + rows).map((x) => this.#blocksOf(x)),
        ...ownClosures.map((i) => inputs[i]!),
        ...this.#inputs.slice(carries + rows),
      ],
      ownRows.length + carries + rows,
    );
    return {
      finals: outer.finals.map((x) => () => x),
      results: outer.results.map((x, j) => () => this.#joined(x, left?.results[j])),
      records: outer.finals.map(() => unread),
    };
  }

  /** A row of the body as the rows of a block. */
  #block(x: Node): Node {
    return inputNode([this.#size, ...x.shape], x.dtype, "rows");
  }
  /** A loop over the blocks. */
  #outer(
    node: Node,
    reverse: boolean,
    carries: number,
    inside: readonly Node[],
    outputs: readonly Node[],
    inputs: readonly Node[],
    rows = this.#attrs.rows,
  ) {
    const attrs: LoopAttrs = {
      trips: "fixed",
      length: this.#count,
      reverse,
      carries,
      rows,
      body: new Body(inside, outputs),
    };
    const made = apply(node.op, inputs, attrs as unknown as Attrs);
    const layout = layoutOf(attrs);
    const views = (segments: readonly Segment[]): Node[] => segments.map((s) => stretch(made, s));
    return { finals: views(layout.finals), results: views(layout.results), records: views(layout.records) };
  }
}
