/** Conversions between kinds of numbers, and the one that ends derivatives. */
import type { Node, Op } from "../compiler/graph.ts";
import { apply } from "../compiler/node.ts";
import { late } from "./late.ts";
import { applyMap, defineMap, scalarLike, truth, zerosNode } from "./map.ts";

/** Conversions; truth values become 0 and 1, numbers become true where they are not 0, floats are truncated to integers. */
const casts = {
  number: (name: "float64" | "float32" | "int32"): Op =>
    defineMap({
      name: `cast_${name}`,
      arity: 1,
      dtype: () => name,
      scalar: (m, [x]) => (name === "int32" ? m.trunc(x!) : x!),
      partials: name === "int32" ? [] : [([x]) => scalarLike(1, x!)],
      vjp: (cotangent, node) => [name === "int32" ? undefined : cast(cotangent, node.inputs[0]!.dtype)],
      jvp: ([t], node) => (name === "int32" ? zerosNode(node) : cast(t!, name)),
    }),
};
const castOps = { float64: casts.number("float64"), float32: casts.number("float32"), int32: casts.number("int32") };
const toBool = defineMap({ name: "cast_bool", arity: 1, dtype: truth, scalar: (m, [x]) => m.ne(x!, m.constant(0)) });
const truthTo = (name: "float64" | "float32" | "int32"): Op =>
  defineMap({
    name: `indicator_${name}`,
    arity: 1,
    dtype: () => name,
    scalar: (m, [x]) => m.select(x!, m.constant(1), m.constant(0)),
  });
const truthOps = { float64: truthTo("float64"), float32: truthTo("float32"), int32: truthTo("int32") };

/** The same values as another kind of number. */
export function cast(x: Node, dtype: Node["dtype"]): Node {
  if (x.dtype === dtype) return x;
  if (dtype === "bool") return applyMap(toBool, x);
  return applyMap(x.dtype === "bool" ? truthOps[dtype] : castOps[dtype], x);
}
/** Truth values as numbers, where a number is wanted. */
export const numeric = (x: Node): Node => (x.dtype === "bool" ? cast(x, "int32") : x);

/** The same values; derivatives stop here. */
const stopGradientOp: Op = {
  name: "stopGradient",
  infer: ([x]) => x!,
  evaluate: ([x]) => x!.data,
  vjp: () => [undefined],
  lowering: { kind: "identity" },
};
export const stopGradient = (x: Node): Node => apply(stopGradientOp, [x]);

late.cast = cast;
