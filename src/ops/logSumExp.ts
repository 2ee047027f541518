/** log Σ e^x: how it is written, and how it is recognised again. */
import type { Node } from "../compiler/graph.ts";
import { add, sub } from "./arithmetic.ts";
import { stopGradient } from "./casts.ts";
import { equal, isFinite, where } from "./comparison.ts";
import { exp, log } from "./elementary.ts";
import { scalarLike } from "./map.ts";
import { max, sum } from "./reduce.ts";
import { reshape } from "./shape.ts";

/**
 * log Σ e^x over the axes, with the largest element taken out. An infinite one is left in, so that the answer is ±∞ and not NaN;
 * where all elements are −∞ so is the answer, and its derivatives are zero.
 */
export function logSumExp(x: Node, axes: readonly number[]): Node {
  const largest = stopGradient(max(x, axes));
  const zero = scalarLike(0, largest);
  const finite = where(isFinite(largest), largest, zero);
  const kept = reshape(
    finite,
    x.shape.map((n, d) => (axes.includes(d) ? 1 : n)),
  );
  // One, where nothing else is in the sum that the derivative divides by.
  const guard = where(equal(largest, scalarLike(-Infinity, largest)), scalarLike(1, largest), zero);
  const shift = where(equal(largest, scalarLike(Infinity, largest)), zero, largest);
  return add(log(add(sum(exp(sub(x, kept)), axes), guard)), shift);
}

/**
 * The tensor and the axes of which a node is log Σ e^x: as above, with any other number taken out of the exponents and put
 * back, or with none.
 */
export function asLogSumExp(node: Node): { readonly x: Node; readonly axes: readonly number[] } | undefined {
  if (node.op.name === "log") return summed(node);
  if (node.op.name !== "add") return undefined;
  const [a, b] = node.inputs as [Node, Node];
  for (const [logarithm, shift] of [
    [a, b],
    [b, a],
  ] as const) {
    const guarded = ownForm(logarithm, shift);
    if (guarded) return guarded;
    const found =
      logarithm.op.name === "log" && logarithm.shape.length === node.shape.length ? summed(logarithm) : undefined;
    if (found?.x.op.name !== "sub") continue;
    const [x, taken] = found.x.inputs as [Node, Node];
    const whole = x.shape.length === found.x.shape.length && x.shape.every((n, d) => n === found.x.shape[d]);
    if (whole && isSameShift(taken, shift, x, found.axes)) return { x, axes: found.axes };
  }
  return undefined;
}

/** The form that `logSumExp` makes, told by the one largest element in all its parts. */
function ownForm(logarithm: Node, shift: Node): { readonly x: Node; readonly axes: readonly number[] } | undefined {
  const largest = shift.op.name === "where" ? shift.inputs[2]! : undefined;
  const [total] = logarithm.op.name === "log" ? logarithm.inputs : [];
  if (largest?.op.name !== "stopGradient" || total?.op.name !== "add") return undefined;
  const sums = total.inputs.find((y) => y.op.name === "sum");
  const guard = total.inputs.find((y) => y.op.name === "where");
  const shifted = sums?.inputs[0]?.inputs[0];
  if (guard?.inputs[0]?.inputs[0] !== largest || sums!.inputs[0]!.op.name !== "exp" || shifted?.op.name !== "sub")
    return undefined;
  const [x, kept] = shifted.inputs as [Node, Node];
  const taken = kept.op.lowering.kind === "reshape" ? kept.inputs[0]! : kept;
  return taken.op.name === "where" && taken.inputs[1] === largest && x.shape.length === shifted.shape.length
    ? { x, axes: sums!.attrs.axes as readonly number[] }
    : undefined;
}

function summed(logarithm: Node): { readonly x: Node; readonly axes: readonly number[] } | undefined {
  const [total] = logarithm.inputs as [Node];
  const [terms] = total.inputs;
  if (total.op.name !== "sum" || terms!.op.name !== "exp") return undefined;
  return { x: terms!.inputs[0]!, axes: total.attrs.axes as readonly number[] };
}

/** Whether what was taken out of the elements of `x` is `shift`, beside the axes that were summed. */
function isSameShift(taken: Node, shift: Node, x: Node, axes: readonly number[]): boolean {
  if (taken === shift) return shift.shape.length === 0;
  const core = (y: Node): Node => (y.op.lowering.kind === "reshape" ? y.inputs[0]! : y);
  if (core(taken) !== core(shift)) return false;
  const lead = x.shape.length - taken.shape.length;
  const beside = x.shape.map((n, d) => (axes.includes(d) ? 1 : n)).slice(lead);
  return taken.shape.every((n, d) => n === beside[d]);
}
