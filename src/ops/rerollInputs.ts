/**
 * Variables that lie side by side and are stacked, as the sites of rolled rows are: they become one variable with the rows along its
 * first axis, which is what a plate would have made. Nothing is copied together, and the adjoint is one vector.
 */
import type { Node } from "../compiler/graph.ts";
import { apply, inputNode } from "../compiler/node.ts";
import { withOrigin } from "../compiler/origin.ts";
import { sameShape } from "../compiler/shapes.ts";
import { topological } from "../compiler/simplify.ts";
import { elementOf, Interned, pickElements } from "./rerollElements.ts";
import { fewest } from "./rollable.ts";
import { at } from "./shape.ts";

/** Outputs over variables of which those side by side are one; together they have the numbers of the old ones, in their order. */
export interface JoinedInputs {
  readonly outputs: readonly Node[];
  readonly inputs: readonly Node[];
}

/** Joins neighbours among the inputs wherever so many of them are stacked. */
export function joinInputs(outputs: readonly Node[], inputs: readonly Node[]): JoinedInputs {
  if (inputs.length < fewest) return { outputs, inputs };
  const order = topological(outputs);
  const stacked = new Set(order.filter(isLongStack).flatMap((x) => x.inputs.map(unstretched)));
  const moved = new Map<Node, Node>();
  const joined = runsOf(inputs, stacked).flatMap((run) => {
    if (run.length < fewest) return run;
    const whole = join(run);
    run.forEach((x, i) =>
      moved.set(
        x,
        withOrigin(x.origin, () => at(whole, i)),
      ),
    );
    return [whole];
  });
  if (moved.size === 0) return { outputs, inputs };
  for (const node of order) {
    if (moved.has(node) || !node.inputs.some((x) => moved.has(x))) continue;
    const operands = node.inputs.map((x) => moved.get(x) ?? x);
    moved.set(
      node,
      withOrigin(
        node.origin,
        () =>
          (isStack(node) && node.shape.length === 1 ? elementsOf(operands) : undefined) ??
          apply(node.op, operands, node.attrs),
      ),
    );
  }
  return { outputs: outputs.map((x) => moved.get(x) ?? x), inputs: joined };
}

/** Inputs by themselves, and those of one type that follow each other and are stacked. */
function runsOf(inputs: readonly Node[], stacked: ReadonlySet<Node>): Node[][] {
  const runs: Node[][] = [];
  for (const x of inputs) {
    const run = runs.at(-1);
    const [before] = run ?? [];
    const follows =
      before && stacked.has(before) && stacked.has(x) && before.dtype === x.dtype && sameShape(before.shape, x.shape);
    if (follows) run!.push(x);
    else runs.push([x]);
  }
  return runs;
}

const isStack = (x: Node): boolean => x.op.lowering.kind === "concat" && x.attrs.axis === 0;
const isLongStack = (x: Node): boolean => isStack(x) && x.inputs.length >= fewest;

/** Numbers of one vector side by side, which need not be all of them: rows that lost a term leave gaps. */
function elementsOf(pieces: readonly Node[]): Node | undefined {
  const elements = pieces.map(elementOf);
  const base = elements[0]?.base;
  if (!base || !elements.every((e) => e?.base === base)) return undefined;
  return pickElements(
    base,
    elements.map((e) => e!.index),
    [],
    new Interned(),
  );
}

/** A piece of a stack is the node itself with a dimension more. */
const unstretched = (piece: Node): Node => (piece.op.lowering.kind === "reshape" ? piece.inputs[0]! : piece);

function join(run: readonly Node[]): Node {
  const [first] = run as [Node];
  const name = `${String(first.attrs.name)} … ${String(run.at(-1)!.attrs.name)}`;
  return withOrigin(first.origin, () => inputNode([run.length, ...first.shape], first.dtype, name));
}
