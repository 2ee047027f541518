/**
 * Loops that are no more than linear recurrences, taken apart when a program is compiled: what is carried becomes a recurrence by
 * look-ahead or, where it only adds up, a sum; everything else in the body becomes maps over all steps, before and after it.
 *
 * Adjoints of loops are linear in what they carry, so one over a scalar state is always of this kind, whatever its forward loop is.
 */
import { isCostly } from "../compiler/costly.ts";
import type { Node } from "../compiler/graph.ts";
import { type LoopAttrs, loopAttrs } from "../compiler/loop.ts";
import { scalar } from "../compiler/node.ts";
import { passes } from "../compiler/passes.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { topological } from "../compiler/simplify.ts";
import { add } from "./arithmetic.ts";
import { uniformValue } from "./broadcast.ts";
import { equal, where } from "./comparison.ts";
import { concat } from "./joins.ts";
import { coefficientsIn, type Linear } from "./loopLinear.ts";
import { type LoopPieces, replaceLoops, unread } from "./loopPieces.ts";
import { StepRows } from "./loopRows.ts";
import { broadcastTo, zerosNode } from "./map.ts";
import { recurrence } from "./recurrence.ts";
import { sum } from "./reduce.ts";
import type { Rolled } from "./rerollLift.ts";
import { reshape, slice } from "./shape.ts";

/** Fewer steps are done as fast in place. */
const fewestSteps = 16;

/** The outputs with loops taken apart where they can be. */
export const splitLoops = (outputs: readonly Node[]): readonly Node[] =>
  passes().recurrences ? replaceLoops(outputs, split) : outputs;

/** All values of what a loop carries: the last, those before the steps, and those after them; stacked by row. */
interface Sequence {
  readonly final: () => Node;
  readonly before: (() => Node) | undefined;
  readonly after: (() => Node) | undefined;
}

function split(node: Node, inputs: readonly Node[]): LoopPieces | undefined {
  const attrs = loopAttrs(node.attrs);
  const { body, carries, rows, length, trips } = attrs;
  if (trips !== "fixed" || length < fewestSteps) return undefined;
  const outside = new Map<Node, Rolled>(
    body.inputs.slice(carries).map((x, i) => [x, { node: inputs[carries + i]!, isStacked: i < rows }]),
  );
  const sequences = sequencesOf(attrs, inputs, outside);
  if (!sequences || (sequences.every((s) => s.before === undefined) && isShortWork(attrs))) return undefined;
  const steps = new StepRows(length, outside);
  const results = body.outputs.slice(carries).map((x) => steps.stacked(x));
  if (!results.every((x) => x !== undefined)) return undefined;
  return {
    finals: sequences.map((s) => s.final),
    results: results.map((x) => () => x),
    records: sequences.map((s) => s.before ?? unread),
  };
}

/** Elements of a vector that a loop holds in registers, at most. */
const shortVector = 16;
/** Steps that add up short vectors and compute nothing costly do so in registers as fast as loops over all steps would. */
const isShortWork = ({ body, carries }: LoopAttrs): boolean =>
  body.inputs.slice(0, carries).every((x) => sizeOf(x.shape) > 1) &&
  body.order.every((x) => sizeOf(x.shape) <= shortVector && !isCostly(x));

/**
 * The sequences of all carried values, found one after the other as they depend on each other; undefined if one is no recurrence.
 * `outside` learns what they are.
 */
function sequencesOf(
  attrs: LoopAttrs,
  inits: readonly Node[],
  outside: Map<Node, Rolled>,
): readonly Sequence[] | undefined {
  const { body, carries, length, unrecorded = [] } = attrs;
  const own = body.inputs.slice(0, carries);
  const reads = body.outputs.map((x) => new Set(topological([x])));
  // Only what nobody sees between the steps may be added up out of order.
  const isSeen = (k: number): boolean => !unrecorded.includes(k) || reads.some((r, j) => j !== k && r.has(own[k]!));
  const found = new Map<number, Sequence>();
  while (found.size < carries) {
    const next = own.findIndex(
      (_, k) => !found.has(k) && own.every((x, j) => j === k || found.has(j) || !reads[k]!.has(x)),
    );
    const linear = next < 0 ? undefined : coefficientsIn(body.outputs[next]!, own[next]!);
    const sequence =
      linear && sequenceOf(attrs, inits[next]!, own[next]!, linear, new StepRows(length, outside), isSeen(next));
    if (!sequence) return undefined;
    found.set(next, sequence);
    if (sequence.before) outside.set(own[next]!, { node: sequence.before(), isStacked: true });
    if (sequence.after) outside.set(body.outputs[next]!, { node: sequence.after(), isStacked: true });
  }
  return own.map((_, k) => found.get(k)!);
}

function sequenceOf(
  { length, reverse }: LoopAttrs,
  init: Node,
  carry: Node,
  { factor, term, reads }: Linear,
  steps: StepRows,
  isSeen: boolean,
): Sequence | undefined {
  const terms = term
    ? steps.stacked(broadcastTo(term, carry.shape))
    : zerosNode({ shape: [length, ...carry.shape], dtype: "float64" });
  const resets = factor !== undefined && reads !== undefined;
  const a = resets ? resettingRows(factor, reads, steps) : factor && steps.of(factor);
  if (!terms || (factor && !a)) return undefined;
  const vector = (x: Node): Node => reshape(x, [sizeOf(x.shape)]);
  const stacked = (x: Node): Node => reshape(x, [length, ...carry.shape]);
  if (!a) {
    const [from, to] = reverse ? [1, length] : [0, length - 1];
    const first = reshape(init, [1, ...carry.shape]);
    const rest = slice(terms, [from], [to]);
    const last = slice(terms, [reverse ? 0 : length - 1], [reverse ? 1 : length]);
    return {
      final: () => reshape(last, carry.shape),
      before: () => concat(reverse ? [rest, first] : [first, rest], 0),
      after: undefined,
    };
  }
  if (!isSeen && uniformValue(a.node) === 1)
    return { final: () => add(init, sum(terms, [0])), before: undefined, after: undefined };
  if (sizeOf(carry.shape) !== 1) return undefined;
  const values = recurrence(reshape(init, []), a.isStacked ? vector(a.node) : reshape(a.node, []), vector(terms), {
    reverse,
    resets,
  });
  const [before, after] = reverse ? [1, 0] : [0, 1];
  return {
    final: () => reshape(slice(values, [reverse ? 0 : length], [reverse ? 1 : length + 1]), carry.shape),
    before: () => stacked(slice(values, [before], [before + length])),
    after: () => stacked(slice(values, [after], [after + length])),
  };
}

/** Coefficients as a recurrence with resets reads them: −0 where the step does not read what is carried, and nowhere else. */
function resettingRows(factor: Node, reads: Node, steps: StepRows): Rolled | undefined {
  const unsigned = where(equal(factor, scalar(0)), scalar(0), factor);
  const stacked = steps.stacked(where(equal(reads, scalar(0)), scalar(-0), unsigned));
  return stacked && { node: stacked, isStacked: true };
}
