/** Two records that are kept symbolic even over constants: stretching, and marking a variable. */
import type { Node, Op, Shape } from "../compiler/graph.ts";
import { apply, constant } from "../compiler/node.ts";
import { allocate, broadcastStrides, eachOffset, sizeOf } from "../compiler/shapes.ts";
import { late } from "./late.ts";

/** Stretches dimensions of size 1 and adds leading ones; over a constant it is kept symbolic and costs nothing. */
export const broadcast: Op = {
  name: "broadcast",
  infer: ([x], attrs) => ({ shape: attrs.shape as Shape, dtype: x!.dtype }),
  evaluate: ([x], _attrs, output) => {
    const out = allocate(output.dtype, sizeOf(output.shape));
    eachOffset(output.shape, broadcastStrides(x!.shape, output.shape), 0, (offset, i) => {
      out[i] = x!.data[offset]!;
    });
    return out;
  },
  vjp: (cotangent, node) => [late.sumTo(cotangent, node.inputs[0]!.shape)],
  jvp: ([t], node) => apply(broadcast, [t!], node.attrs),
  simplify: ([x], attrs) => (x!.op === broadcast ? apply(broadcast, x!.inputs, attrs) : undefined),
  folding: "lazy",
  lowering: {
    kind: "view",
    view: (node) => {
      const { shape } = node.inputs[0]!;
      return shape.map((n, d) => ({ from: n === 1 ? -1 : d + node.shape.length - shape.length, offset: 0, step: 1 }));
    },
  },
};

/**
 * The same values under a fresh identity: what a derivative is taken with respect to. Never folded, so that a function
 * differentiated at a constant is recorded; compiling removes it.
 */
export const variable: Op = {
  name: "variable",
  infer: ([x]) => x!,
  evaluate: ([x]) => x!.data,
  vjp: (cotangent) => [cotangent],
  jvp: ([t]) => t!,
  folding: "never",
  lowering: { kind: "identity" },
};

/** The number that every element of a constant has, if it has one number. */
export function uniformValue(node: Node): number | undefined {
  const source = node.op === broadcast ? node.inputs[0]! : node;
  return source.op === constant && source.value!.length === 1 ? source.value![0] : undefined;
}
