/**
 * Sums over all paths of a chain, in logarithms: log Σ exp(e₀[i₀] + Σₜ (Aₜ[iₜ₋₁, iₜ] + eₜ[iₜ])). The likelihood of a hidden
 * Markov model is one, with log densities of the observations for e and log transition probabilities for A.
 *
 * Its derivatives are the probabilities of states and of transitions. One record gives all of them: a program that needs the
 * value nearly always needs the others. Interpreted it is the plain recurrence; compiled it runs over probabilities
 * (`logPartitionScaled.ts`), and where doubles cannot hold these it is the plain one again. When no path has any weight it is
 * −∞, with derivatives of zero; states that no path visits have derivatives of zero too. (log Σ exp written step by step has
 * NaN for both.)
 */
import type { Node, Op } from "../compiler/graph.ts";
import { segmentsOf } from "../compiler/loop.ts";
import { apply } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { mul } from "./arithmetic.ts";
import { plainChain } from "./logPartitionPlain.ts";
import { scaledChain } from "./logPartitionScaled.ts";
import { derivatives } from "./loopDerivatives.ts";
import { segmentOf } from "./loopFlat.ts";
import { rebuild } from "./loopGraph.ts";
import { view } from "./loopMake.ts";
import { at } from "./shape.ts";

/** The log partition function, its derivatives by the weights and those by the transitions, one after the other. */
const chain: Op = {
  name: "logPartition",
  infer: ([e, a]) => ({ shape: [1 + sizeOf(e!.shape) + sizeOf(a!.shape)], dtype: "float64" }),
  evaluate: (inputs) => plainChain(inputs[0]!.shape, inputs[1]!.shape).evaluator()(inputs.map((x) => x.data))[0]!,
  vjp: (cotangent, node, wanted) => {
    const { inputs } = node;
    const [ofValue, ...slopes] = segmentsOf([[], ...inputs.map((x) => x.shape)]);
    const first = segmentOf(cotangent, ofValue!);
    const own = slopes.map((s) => first && mul(first, view(node, s)));
    if (slopes.every((s) => segmentOf(cotangent, s) === undefined)) return own;
    const sought = inputs.filter((_, i) => wanted[i]);
    const found = derivatives.pullback([plain(inputs)], [cotangent], sought);
    return inputs.map((x) => found[sought.indexOf(x)]);
  },
  jvp: (tangents, { inputs }) => {
    const moving = inputs.filter((_, i) => tangents[i]);
    const given = tangents.flatMap((t) => (t ? [t] : []));
    return derivatives.pushforward([plain(inputs)], moving, given)[0]!;
  },
  lower: ([e, a]) => scaledChain(e!, a!),
  lowering: { kind: "interpret" },
};

/** The log partition function of a chain with weights [n, k], n ≥ 2, and transitions [k, k], or [n − 1, k, k]. */
export const logPartition = (e: Node, a: Node): Node => at(apply(chain, [e, a]), 0);

/** The plain recurrence over the nodes that are inputs here. */
function plain(nodes: readonly Node[]): Node {
  const { inputs, outputs } = plainChain(nodes[0]!.shape, nodes[1]!.shape);
  return rebuild(outputs[0]!, new Map(inputs.map((x, i) => [x, nodes[i]!])), 0, new Map());
}
