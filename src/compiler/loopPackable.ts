/** What bodies in registers may hold, and the parts of it that are no matter of registers. */
import type { DimensionMap, Node, Shape } from "./graph.ts";
import type { Lane, LaneAlgebra } from "./lanes.ts";
import { isConstant } from "./node.ts";
import { eachOffset, sizeOf, stridesOf } from "./shapes.ts";

/** Larger tensors are worth loops of their own. */
const largestTensor = 64;

const packableKinds = new Set([
  "input",
  "map",
  "view",
  "reshape",
  "identity",
  "reduce",
  "matmul",
  "concat",
  "pad",
  "gather",
  "scatterAdd",
]);
export function isPackable(node: Node): boolean {
  if (isConstant(node)) return true;
  const { lowering } = node.op;
  const sizes = [node, ...node.inputs].map((x) => sizeOf(x.shape));
  if (sizes.some((n) => n > largestTensor || n === 0) || !packableKinds.has(lowering.kind)) return false;
  if (
    node.dtype === "float32" ||
    (node.dtype === "int32" && lowering.kind === "map" && !node.op.name.startsWith("indicator"))
  )
    return false;
  if (lowering.kind === "gather" || lowering.kind === "scatterAdd") return isConstant(node.inputs[1]!);
  return lowering.kind !== "reduce" || lowering.combine !== "logProduct";
}

/** Two values of a reduction as one. */
export function combine(algebra: LaneAlgebra, kind: "sum" | "prod" | "max" | "min", a: Lane, b: Lane): Lane {
  if (kind === "sum") return algebra.add(a, b);
  if (kind === "prod") return algebra.mul(a, b);
  // A NaN on either side is the answer.
  return algebra.select(
    algebra.ne(b, b),
    algebra.constant(NaN),
    kind === "max" ? algebra.max(a, b) : algebra.min(a, b),
  );
}

/** Where each element of a view is found in what it looks at. */
export function viewOffsets(node: Node, map: readonly DimensionMap[], shape: Shape): number[] {
  const own = stridesOf(shape);
  const strides = node.shape.map(() => 0);
  let start = 0;
  map.forEach(({ from, offset, step }, d) => {
    start += offset * own[d]!;
    if (from >= 0) strides[from]! += step * own[d]!;
  });
  const offsets = new Array<number>(sizeOf(node.shape));
  eachOffset(node.shape, strides, start, (at, i) => {
    offsets[i] = at;
  });
  return offsets;
}
