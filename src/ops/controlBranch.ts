/** Branches: one of several graphs runs, chosen when the program runs. Like a loop, a branch has one flat result. */
import type { Attrs, JvpRule, Node, Op, VjpRule } from "../compiler/graph.ts";
import { branchAttrs, type Segment, segmentsOf } from "../compiler/loop.ts";
import { Body } from "../compiler/loopBody.ts";
import { lowerBody } from "../compiler/loopPrune.ts";
import { planBranch } from "../compiler/loopSchedule.ts";
import { apply, inputNode, scalar } from "../compiler/node.ts";
import { sizeOf } from "../compiler/shapes.ts";
import { equal, where } from "./comparison.ts";
import { concat } from "./joins.ts";
import { derivatives } from "./loopDerivatives.ts";
import { evaluateBranch } from "./loopEvaluate.ts";
import { segmentOf } from "./loopFlat.ts";
import { closeBranches, rebuild } from "./loopGraph.ts";
import { view, zeros } from "./loopMake.ts";
import { broadcastTo } from "./map.ts";
import { reshape } from "./shape.ts";

/** Two branches of at most this much elementwise work are both computed, and one of them is selected. */
const selectLimit = 80;

export const branch: Op = {
  name: "branch",
  infer: (_inputs, attrs) => {
    const [first] = branchAttrs(attrs).branches;
    return { shape: [first!.outputs.reduce((n, x) => n + sizeOf(x.shape), 0)], dtype: "float64" };
  },
  evaluate: evaluateBranch,
  vjp: (cotangent, node, wanted) => vjpOfBranch(cotangent, node, wanted),
  jvp: (tangents, node) => jvpOfBranch(tangents, node),
  lower: (inputs, attrs) => {
    const branches = branchAttrs(attrs).branches.map(lowerBody);
    return selected(inputs, branches) ?? apply(branch, inputs, { branches });
  },
  lowering: { kind: "branch", plan: planBranch },
};

const segments = (body: Body): Segment[] => segmentsOf(body.outputs.map((x) => x.shape));

/** Branches that are cheaper computed than jumped around. Selecting loses nothing when no derivative is taken any more. */
function selected(inputs: readonly Node[], branches: readonly Body[]): Node | undefined {
  if (branches.length !== 2 || branches.some((body) => workOf(body) > selectLimit)) return undefined;
  const [index, ...closures] = inputs as [Node, ...Node[]];
  const [a, b] = branches.map((body) => {
    const moved = new Map(body.inputs.map((x, i) => [x, closures[i]!]));
    const shared = new Map<string, Node>();
    return flat(body.outputs.map((x) => rebuild(x, moved, 0, shared)));
  }) as [Node, Node];
  return where(equal(index, scalar(0)), a, b);
}
function workOf({ order }: Body): number {
  const work = (node: Node): number => {
    const { lowering } = node.op;
    if (lowering.kind === "map") return lowering.cost * sizeOf(node.shape);
    return ["view", "reshape", "concat", "pad", "constant", "input", "identity"].includes(lowering.kind) ? 0 : Infinity;
  };
  return order.reduce((total, node) => total + work(node), 0);
}
const flat = (parts: readonly Node[]): Node =>
  concat(
    parts.filter((x) => sizeOf(x.shape) > 0).map((x) => reshape(x, [sizeOf(x.shape)])),
    0,
  );

/**
 * The results of the branch that `index` names, an integer in range as a float64 scalar. The graphs' results are float64 and
 * have equal shapes; what was made after node `mark` is part of them, what is older is computed outside.
 */
export function makeBranch(index: Node, graphs: readonly (readonly Node[])[], mark: number): Node[] {
  const { bodies, outer } = closeBranches(graphs, mark);
  return results(index, outer, bodies);
}

function results(index: Node, outer: readonly Node[], branches: readonly Body[]): Node[] {
  const [first] = branches;
  if (segments(first!).every((s) => s.size === 0)) return first!.outputs.map((x) => zeros(x.shape));
  const used = outer.flatMap((_, i) => (branches.some((b) => b.order.includes(b.inputs[i]!)) ? [i] : []));
  const bodies = branches.map(
    (b) =>
      new Body(
        used.map((i) => b.inputs[i]!),
        b.outputs,
      ),
  );
  const node = apply(branch, [index, ...used.map((i) => outer[i]!)], { branches: bodies } as unknown as Attrs);
  return segments(first!).map((s) => view(node, s));
}

const vjpOfBranch: VjpRule = (cotangent, node, wanted) => {
  const { branches } = branchAttrs(node.attrs);
  const [index, ...outer] = node.inputs as [Node, ...Node[]];
  const given = segments(branches[0]!).map((s) => segmentOf(cotangent, s));
  const seeds = given.map((g) => g && inputNode(g.shape, "float64", "cotangent"));
  const seeded = seeds.flatMap((seed, k) => (seed ? [{ seed, k }] : []));
  const parts = branches.map(({ inputs, outputs }) =>
    derivatives.pullback(
      seeded.map(({ k }) => outputs[k]!),
      seeded.map(({ seed }) => seed),
      inputs.filter((_, i) => wanted[i + 1]),
    ),
  );
  const sought = outer.flatMap((_, i) => (wanted[i + 1] ? [i] : []));
  // A closure that no branch has a derivative in is left out.
  const moved = sought.flatMap((i, p) => (parts.some((found) => found[p]) ? [{ i, p }] : []));
  if (moved.length === 0) return node.inputs.map(() => undefined);
  const bodies = branches.map(
    ({ inputs }, b) =>
      new Body(
        [...inputs, ...seeded.map(({ seed }) => seed)],
        moved.map(({ i, p }) => parts[b]![p] ?? zeros(outer[i]!.shape)),
      ),
  );
  const made = results(index, [...outer, ...seeded.map(({ k }) => given[k]!)], bodies);
  const at = (i: number): number => moved.findIndex((m) => m.i === i);
  return [undefined, ...outer.map((_, i) => made[at(i)])];
};

const jvpOfBranch: JvpRule = ([, ...tangents], node) => {
  const { branches } = branchAttrs(node.attrs);
  const [index, ...outer] = node.inputs as [Node, ...Node[]];
  const given = tangents.flatMap((tangent, i) =>
    tangent ? [{ tangent, i, input: inputNode(tangent.shape, "float64", "tangent") }] : [],
  );
  const parts = branches.map(({ inputs, outputs }) =>
    derivatives.pushforward(
      outputs,
      given.map(({ i }) => inputs[i]!),
      given.map(({ input }) => input),
    ),
  );
  const bodies = branches.map(
    ({ inputs, outputs }, b) =>
      new Body(
        [...inputs, ...given.map((g) => g.input)],
        outputs.map((x, k) => parts[b]![k] ?? zeros(x.shape)),
      ),
  );
  const made = results(index, [...outer, ...given.map((g) => g.tangent)], bodies);
  return broadcastTo(flat(made), node.shape);
};
