/**
 * Sums over all paths of a chain, in logarithms: log Σ exp(e₀[i₀] + Σₜ (Aₜ[iₜ₋₁, iₜ] + eₜ[iₜ])). The likelihood of a hidden
 * Markov model is one, with log densities of the observations for e and log transition probabilities for A.
 *
 * The derivatives are the probabilities of states and of transitions, which have a record of their own. Interpreted, both
 * are the plain recurrence; compiled, they run over probabilities (`logPartitionScaled.ts`).
 */
import type { Node, NodeType, Op } from "../compiler/graph.ts";
import type { Body } from "../compiler/loopBody.ts";
import { apply } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { add, mul } from "./arithmetic.ts";
import { plainChain } from "./logPartitionPlain.ts";
import { scaledMarginals, scaledPartition } from "./logPartitionScaled.ts";
import { derivatives } from "./loopDerivatives.ts";
import { rebuild } from "./loopGraph.ts";
import { sum } from "./reduce.ts";
import { reshape, slice } from "./shape.ts";

const plainOf = ([e, a]: readonly NodeType[]): ReturnType<typeof plainChain> => plainChain(e!.shape, a!.shape);

const logPartitionOp: Op = {
  name: "logPartition",
  infer: () => ({ shape: [], dtype: "float64" }),
  evaluate: (inputs) => plainOf(inputs).value.evaluator()(inputs.map((x) => x.data))[0]!,
  vjp: (cotangent, { inputs }) => slopes(inputs).map((slope) => mul(cotangent, slope)),
  jvp: (tangents, { inputs }) =>
    slopes(inputs)
      .flatMap((slope, i) => (tangents[i] ? [total(mul(slope, tangents[i]))] : []))
      .reduce(add),
  lower: ([e, a]) => scaledPartition(e!, a!),
  lowering: { kind: "interpret" },
};
/** The log partition function of a chain with weights [n, k], n ≥ 2, and transitions [k, k], or [n − 1, k, k]. */
export const logPartition = (e: Node, a: Node): Node => apply(logPartitionOp, [e, a]);

const total = (x: Node): Node =>
  sum(
    x,
    x.shape.map((_, d) => d),
  );

/** Value, probabilities of states and probabilities of transitions, one after the other. */
const marginalsOp: Op = {
  name: "chainMarginals",
  infer: ([e, a]) => ({ shape: [1 + sizeOf(e!.shape) + sizeOf(a!.shape)], dtype: "float64" }),
  evaluate: (inputs) => plainOf(inputs).marginals.evaluator()(inputs.map((x) => x.data))[0]!,
  vjp: (cotangent, { inputs }, wanted) => {
    const sought = inputs.filter((_, i) => wanted[i]);
    const found = derivatives.pullback([over(inputs, plainOf(inputs).marginals)], [cotangent], sought);
    return inputs.map((x) => found[sought.indexOf(x)]);
  },
  jvp: (tangents, { inputs }) => {
    const moving = inputs.filter((_, i) => tangents[i]);
    const given = tangents.flatMap((t) => (t ? [t] : []));
    return derivatives.pushforward([over(inputs, plainOf(inputs).marginals)], moving, given)[0]!;
  },
  lower: ([e, a]) => scaledMarginals(e!, a!),
  lowering: { kind: "interpret" },
};

/** The derivatives of the log partition function by weights and transitions. */
function slopes(inputs: readonly Node[]): Node[] {
  const flat = apply(marginalsOp, inputs);
  let start = 1;
  return inputs.map(({ shape }) => {
    start += sizeOf(shape);
    return reshape(slice(flat, [start - sizeOf(shape)], [start]), shape);
  });
}

/** The output of a body over the nodes that are its inputs here. */
const over = (inputs: readonly Node[], { inputs: own, outputs }: Body): Node =>
  rebuild(outputs[0]!, new Map(own.map((x, i) => [x, inputs[i]!])), 0);
