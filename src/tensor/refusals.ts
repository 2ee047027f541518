/** Errors of those who take a tensor for a number. */
import type { Node } from "../compiler/graph.ts";
import { formatShape } from "../compiler/shapes.ts";

/** @throws Error: a traced tensor has no value. */
export function refuse(asked: string, node: Node): never {
  throw new Error(
    `${asked}: ${origin(node)} has no value while the model is traced; it stands for values to come. ` +
      "Choose between values with where(condition, a, b) instead of `if`, loop over data and not over parameters, and read numbers from the data or from results.",
  );
}

/** @throws TypeError: operators do not work on tensors. */
export function refuseOperator(node: Node): never {
  throw new TypeError(
    `JavaScript's operators and Math work on numbers, not on tensors: ${origin(node)} met one. ` +
      "Write x.add(1) for x + 1, exp(x) for Math.exp(x), where(greater(x, 0), a, b) for x > 0 ? a : b.",
  );
}

/** @throws TypeError: a tensor is one thing. */
export function refuseIteration(node: Node): never {
  const what = node.value ? "this" : origin(node);
  throw new TypeError(
    `A tensor is not iterable: ${what} is one tensor of shape ${formatShape(node.shape)}. ` +
      "For its elements use x.at(0), x.at(1), … or toArray(). To carry several numbers through a loop, begin with a tree: [tensor(0), tensor(1)], not [0, 1].",
  );
}

/** `the tensor "mu" (shape [8], made at model.ts:3:9)` */
function origin(node: Node): string {
  const { name } = node.attrs;
  const what = typeof name === "string" ? `the tensor "${name}"` : `a result of ${node.op.name}`;
  const place = node.origin?.line === undefined ? "" : `, made at ${node.origin.line}`;
  return `${what} (shape ${formatShape(node.shape)}${place})`;
}
