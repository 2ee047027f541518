/**
 * The log partition function of a chain, as one would write it down: what the records of `logPartition.ts` mean, what they
 * are where nothing cheaper is right, and what their derivatives are taken of.
 */
import type { Shape } from "../compiler/graph.ts";
import { Body } from "../compiler/loopBody.ts";
import { inputNode, scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { add } from "./arithmetic.ts";
import { logSumExp } from "./logSumExp.ts";
import { makeLoop } from "./loop.ts";
import { derivatives } from "./loopDerivatives.ts";
import { at, concat, expandDims, reshape, slice } from "./shape.ts";

export interface PlainChain {
  /** Of weights and transitions: the log partition function. */
  readonly value: Body;
  /** Its value, its derivatives by the weights and those by the transitions, one after the other. */
  readonly marginals: Body;
}

const known: Map<string, PlainChain> = new Map();

/** The forward algorithm for weights [n, k] and transitions [k, k], or [n − 1, k, k] where every step has its own. */
export function plainChain(weights: Shape, transitions: Shape): PlainChain {
  const key = `${weights} ${transitions}`;
  const found = known.get(key) ?? build(weights, transitions);
  known.set(key, found);
  return found;
}

function build(weights: Shape, transitions: Shape): PlainChain {
  const [n, k] = weights as [number, number];
  const changes = transitions.length === 3;
  const e = inputNode(weights, "float64", "weights");
  const a = inputNode(transitions, "float64", "transitions");
  const alpha = inputNode([k], "float64", "alpha");
  const here = inputNode([k], "float64", "here");
  const step = inputNode([k, k], "float64", "step");
  const next = add(logSumExp(add(expandDims(alpha, 1), changes ? step : a), [0]), here);
  const { finals } = makeLoop({
    trips: "fixed",
    length: n - 1,
    reverse: false,
    carries: [{ init: at(e, 0), input: alpha, output: next }],
    rows: [{ stacked: slice(e, [1], [n]), input: here }, ...(changes ? [{ stacked: a, input: step }] : [])],
    results: [],
  });
  const value = logSumExp(finals[0]!, [0]);
  const slopes = derivatives.pullback([value], [scalar(1)], [e, a]);
  const flat = [value, ...slopes].map((x) => reshape(x!, [sizeOf(x!.shape)]));
  return { value: new Body([e, a], [value]), marginals: new Body([e, a], [concat(flat, 0)]) };
}
