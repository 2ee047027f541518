/**
 * The log partition function of a chain, as one would write it down: what the record of `logPartition.ts` means, what it is
 * where nothing cheaper is right, and what its derivatives are taken of.
 */
import type { Node, Shape } from "../compiler/graph.ts";
import { Body } from "../compiler/loopBody.ts";
import { inputNode, scalar } from "../compiler/node.ts";
import { allPasses, withPasses } from "../compiler/passes.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { add, sub } from "./arithmetic.ts";
import { stopGradient } from "./casts.ts";
import { equal, isFinite, where } from "./comparison.ts";
import { exp, log } from "./elementary.ts";
import { concat } from "./joins.ts";
import { makeLoop } from "./loop.ts";
import { derivatives } from "./loopDerivatives.ts";
import { max, sum } from "./reduce.ts";
import { at, expandDims, reshape, slice } from "./shape.ts";

/** log Σ e^x over the first axis; no terms with any weight give −∞, and derivatives of zero. */
function logSum(x: Node): Node {
  const largest = stopGradient(max(x, [0]));
  const impossible = equal(largest, scalar(-Infinity));
  const finite = where(isFinite(largest), largest, scalar(0));
  const total = sum(exp(sub(x, finite)), [0]);
  return add(log(where(impossible, scalar(1), total)), where(impossible, largest, finite));
}

/** Of the shapes asked for last; one model asks for the same ones several times. */
const known: Map<string, Body> = new Map();
const kept = 4;

/**
 * Of weights [n, k] and transitions [k, k], or [n − 1, k, k] where every step has its own: the log partition function by the
 * forward algorithm, its derivatives by the weights and those by the transitions, one after the other.
 */
export function plainChain(weights: Shape, transitions: Shape): Body {
  const key = `${weights} ${transitions}`;
  // It hardly ever runs: short code is worth more than fast code. It is the same whatever the switches of who asks.
  const found = known.get(key) ?? withPasses({ ...allPasses, hoistRows: false }, () => build(weights, transitions));
  known.delete(key);
  known.set(key, found);
  if (known.size > kept) known.delete(known.keys().next().value!);
  return found;
}

function build(weights: Shape, transitions: Shape): Body {
  const [n, k] = weights as [number, number];
  const changes = transitions.length === 3;
  const e = inputNode(weights, "float64", "weights");
  const a = inputNode(transitions, "float64", "transitions");
  const alpha = inputNode([k], "float64", "alpha");
  const here = inputNode([k], "float64", "here");
  const step = inputNode([k, k], "float64", "step");
  const next = add(logSum(add(expandDims(alpha, 1), changes ? step : a)), here);
  const { finals } = makeLoop({
    trips: "fixed",
    length: n - 1,
    reverse: false,
    carries: [{ init: at(e, 0), input: alpha, output: next }],
    rows: [{ stacked: slice(e, [1], [n]), input: here }, ...(changes ? [{ stacked: a, input: step }] : [])],
    results: [],
  });
  const value = logSum(finals[0]!);
  const slopes = derivatives.pullback([value], [scalar(1)], [e, a]);
  const flat = [value, ...slopes].map((x) => reshape(x!, [sizeOf(x!.shape)]));
  return new Body([e, a], [concat(flat, 0)]);
}
