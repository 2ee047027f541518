/**
 * The log partition function of a chain over probabilities: pₜ₊₁ = (pₜ exp A) ∘ exp(eₜ₊₁ − max eₜ₊₁), times a power of two
 * that keeps the largest near one. All exponentials are taken before the recurrence, and there is one logarithm at its end.
 *
 * The recurrence runs in both directions at once, forwards in the first half of every pair of doubles and backwards in the
 * second; in a program that needs the value alone the backward half runs along. Products of the two, normalised by their own
 * sums, are the probabilities of states and transitions.
 *
 * A weight that leaves the range of doubles is lost, which matters only if all that is left later comes from it. That cannot
 * be as long as every state is predicted with a probability far above what was lost, or nothing is small and zeros are
 * exact; this is watched on the way. When it does not hold, and when the result is not finite, the plain recurrence runs.
 */
import type { Attrs, Node, Op } from "../compiler/graph.ts";
import { Body } from "../compiler/loopBody.ts";
import { lowerBody } from "../compiler/loopPrune.ts";
import { apply, inputNode, scalar } from "../compiler/node.ts";
import { abs, add, mul, neg, reciprocal, sub } from "./arithmetic.ts";
import { equal, isFinite, less, lessEqual, logicalAnd, logicalOr, where } from "./comparison.ts";
import { branch } from "./controlBranch.ts";
import { exp, log } from "./elementary.ts";
import { concat, stack } from "./joins.ts";
import { plainChain } from "./logPartitionPlain.ts";
import { makeLoop } from "./loop.ts";
import { rebuild } from "./loopGraph.ts";
import { zeros } from "./loopMake.ts";
import { applyMap, broadcastTo, defineMap } from "./map.ts";
import { max, min, sum } from "./reduce.ts";
import { at, expandDims, reshape, slice, transpose } from "./shape.ts";

const larger: Op = defineMap({ name: "larger", arity: 2, scalar: (m, [a, b]) => m.max(a!, b!) });
const smaller: Op = defineMap({ name: "smaller", arity: 2, scalar: (m, [a, b]) => m.min(a!, b!) });
const exponentOf: Op = defineMap({ name: "exponentOf", arity: 1, scalar: (m, [x]) => m.exponent(x!, 1) });
const inverseScale: Op = defineMap({ name: "inverseScale", arity: 1, scalar: (m, [x]) => m.inverseScale(x!) });
const oneForZero: Op = defineMap({
  name: "oneForZero",
  arity: 1,
  scalar: (m, [x]) => m.select(m.eq(x!, m.constant(0)), m.constant(1), x!),
});

/**
 * Far above what a product of two doubles loses, relative to weights around one. What follows a state is at least about as likely
 * as the states are predicted, and the product of the two, by which the probabilities are normalised, must stay in range too.
 */
const farFromLoss = 2 ** -500;
/** Where some weights are zero: products of what is not stay in range. */
const nothingLost = { predicted: 2 ** -300, weight: 2 ** -100 } as const;

/** Both recurrences. */
interface Chain {
  readonly value: Node;
  /** Whether nothing was lost that matters. */
  readonly isSafe: Node;
  /** Weights [n − 1, k, 2]: forwards before every step, backwards likewise, from the other end. */
  readonly records: Node;
  /** Weights of the first states, all that follows taken into account. */
  readonly first: Node;
  readonly transitions: Node;
}

function recurrences(e: Node, a: Node): Chain {
  const [n, k] = e.shape as [number, number];
  const changes = a.shape.length === 3;
  const { tops, parts } = relativeWeights(e);
  const top = max(a, changes ? [1, 2] : [0, 1]);
  const p = exp(sub(a, changes ? reshape(top, [n - 1, 1, 1]) : top));
  const x = inputNode([k, 2], "float64", "weights");
  const exponents = inputNode([2], "float64", "exponents");
  const [lowest, positive, thinnest] = ["lowest", "positive", "thinnest"].map((name) =>
    inputNode([k, 2], "float64", name),
  ) as [Node, Node, Node];
  const rowsOf = (name: string): Node[] => parts.map((w) => inputNode(w.shape.slice(1), "float64", name));
  const [ahead, behind] = [rowsOf("ahead"), rowsOf("behind")];
  const [stepAhead, stepBehind] = [inputNode([k, k], "float64", "step"), inputNode([k, k], "float64", "step")];
  const steps = changes ? stack([stepAhead, transpose(stepBehind)], 2) : stack([p, transpose(p)], 2);
  const bothWays = (there: readonly Node[], back: readonly Node[]): Node =>
    stack([concat(there, 0), concat(back, 0)], 1);
  const here = bothWays(ahead, behind);
  const biggest = at(folded(larger, x), 0);
  const predicted = sum(mul(expandDims(x, 1), steps), [0]);
  const start = bothWays(
    parts.map((w) => at(w, 0)),
    parts.map((w) => at(w, n - 1)),
  );
  const ones = broadcastTo(scalar(1), [k, 2]);
  const backwards = (rows: Node): Node => slice(rows, [rows.shape[0]! - 1], [-Infinity], [-1]);
  const made = makeLoop({
    trips: "fixed",
    length: n - 1,
    reverse: false,
    carries: [
      { init: start, input: x, output: mul(predicted, mul(here, applyMap(inverseScale, biggest))) },
      { init: zeros([2]), input: exponents, output: add(exponents, applyMap(exponentOf, biggest)) },
      { init: ones, input: lowest, output: applyMap(smaller, lowest, predicted) },
      { init: ones, input: positive, output: applyMap(smaller, positive, applyMap(oneForZero, predicted)) },
      { init: start, input: thinnest, output: applyMap(smaller, thinnest, here) },
    ],
    rows: [
      ...parts.flatMap((w, i) => [
        { stacked: slice(w, [1], [n]), input: ahead[i]! },
        { stacked: slice(w, [n - 2], [-Infinity], [-1]), input: behind[i]! },
      ]),
      ...(changes
        ? [
            { stacked: p, input: stepAhead },
            { stacked: backwards(p), input: stepBehind },
          ]
        : []),
    ],
    results: [x],
  });
  const [last, scale, ...watched] = made.finals as [Node, Node, ...Node[]];
  const way = (y: Node, half: number): Node => slice(y, [0, half], [k, half + 1]);
  const tallied = sub(at(scale, 0), scalar(n - 1));
  const shift = add(total(tops), changes ? total(top) : mul(top, scalar(n - 1)));
  const value = add(add(log(total(way(last, 0))), mul(tallied, scalar(Math.LN2))), shift);
  const smallest = min(where(equal(a, scalar(-Infinity)), scalar(1), p), changes ? [0, 1, 2] : [0, 1]);
  const first = reshape(way(last, 1), [k]);
  const [low, some, thin] = watched.map((y) => min(y, [0, 1])) as [Node, Node, Node];
  const isExact = [
    lessEqual(scalar(nothingLost.predicted), some),
    lessEqual(scalar(nothingLost.weight), thin),
    lessEqual(scalar(nothingLost.weight), smallest),
  ].reduce(logicalAnd);
  const isInRange = logicalOr(lessEqual(scalar(farFromLoss), low), isExact);
  const isSafe = logicalAnd(isFinite(add(value, total(first))), isInRange);
  return { value, isSafe, records: made.results[0]!, first, transitions: p };
}

/** Weights of this many states are kept apart: their exponentials are then taken along the chain. */
const mostColumns = 8;

/** exp(e − tops) in parts that lie side by side, where tops are the largest of every step, [n, 1]. */
function relativeWeights(e: Node): { readonly tops: Node; readonly parts: readonly Node[] } {
  const [n, k] = e.shape as [number, number];
  if (k > mostColumns) {
    const tops = reshape(max(e, [1]), [n, 1]);
    return { tops, parts: [exp(sub(e, tops))] };
  }
  const columns = Array.from({ length: k }, (_, i) => slice(e, [0, i], [n, i + 1]));
  const tops = columns.reduce((a, b) => applyMap(larger, a, b));
  if (k !== 2) return { tops, parts: columns.map((c) => exp(sub(c, tops))) };
  // The larger of two has weight one.
  const ahead = sub(columns[0]!, columns[1]!);
  const smaller = exp(neg(abs(ahead)));
  const isBehind = less(ahead, scalar(0));
  return { tops, parts: [where(isBehind, smaller, scalar(1)), where(isBehind, scalar(1), smaller)] };
}

/** The rows of a tensor as one row. */
function folded(op: Op, x: Node): Node {
  const rows = x.shape[0]!;
  const half = (rows + 1) >> 1;
  return rows === 1 ? x : folded(op, applyMap(op, slice(x, [0], [half]), slice(x, [rows - half], [rows])));
}
const total = (x: Node): Node =>
  sum(
    x,
    x.shape.map((_, d) => d),
  );

/** The log partition function, the probabilities of states and those of transitions, one after the other. */
export function scaledChain(e: Node, a: Node): Node {
  const { value, isSafe, records, first, transitions } = recurrences(e, a);
  const [n, k] = e.shape as [number, number];
  const changes = a.shape.length === 3;
  const [ahead, behind] = [inputNode([k, 2], "float64", "ahead"), inputNode([k, 2], "float64", "behind")];
  const step = inputNode([k, k], "float64", "step");
  const counts = inputNode([k, k], "float64", "counts");
  const transition = changes ? step : transitions;
  const before = reshape(slice(ahead, [0, 0], [k, 1]), [k, 1]);
  const after = reshape(slice(behind, [0, 1], [k, 2]), [k]);
  const predicted = sum(mul(before, transition), [0]);
  const share = mul(after, reciprocal(total(mul(predicted, after))));
  const pairs = mul(before, share);
  const made = makeLoop({
    trips: "fixed",
    length: n - 1,
    reverse: false,
    carries: changes ? [] : [{ init: zeros([k, k]), input: counts, output: add(counts, pairs) }],
    rows: [
      { stacked: records, input: ahead },
      { stacked: slice(records, [n - 2], [-Infinity], [-1]), input: behind },
      ...(changes ? [{ stacked: transitions, input: step }] : []),
    ],
    results: [mul(predicted, share), ...(changes ? [mul(pairs, step)] : [])],
  });
  const initial = mul(first, reciprocal(total(first)));
  const joint = changes ? made.results[1]! : mul(made.finals[0]!, transitions);
  const nodes = [value, initial, made.results[0]!, joint, e, a];
  const inputs = nodes.map((x) => inputNode(x.shape, x.dtype, "closure"));
  const plain = plainChain(e.shape, a.shape);
  const own = new Map(plain.inputs.map((x, i) => [x, inputs[4 + i]!]));
  const branches = [
    new Body(inputs, inputs.slice(0, 4)),
    lowerBody(new Body(inputs, [rebuild(plain.outputs[0]!, own, 0, new Map())])),
  ];
  return apply(branch, [where(isSafe, scalar(0), scalar(1)), ...nodes], { branches } as unknown as Attrs);
}
