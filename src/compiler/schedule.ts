/** From nodes to steps: loop nests over shared index spaces, kernel calls, loops and branches, in order. */
import { Buffers } from "./buffers.ts";
import { buildNest } from "./buildNest.ts";
import type { Node } from "./graph.ts";
import { LaneAlgebra } from "./lanes.ts";
import type { CompilerParts } from "./parts.ts";
import { passes } from "./passes.ts";
import { Placement } from "./placement.ts";
import { isLongStep } from "./rowAccess.ts";
import { sizeOf } from "./shapes.ts";
import type { NewBuffer, PlanStep, Schedule, Step } from "./steps.ts";

/** Builds the schedule of a graph. @throws NotCompilable naming the operation that stands in the way. */
export function schedule(
  parts: CompilerParts,
  order: readonly Node[],
  inputs: readonly Node[],
  outputs: readonly Node[],
): Schedule {
  const placement = new Placement(order, outputs);
  const buffers = new Buffers(order, inputs, placement);
  const steps = placement.slots.flatMap((slot, i) =>
    "nest" in slot ? buildNest(slot.nest, i, placement, buffers) : buildCall(slot.call, buffers, parts),
  );
  const copies: Step[] = [];
  const results = placeOutputs(outputs, buffers, copies);
  const all = [...steps, ...copies];
  const isShort = !passes().chunks || !all.some(isLongStep);
  return {
    steps: isShort ? all : parts.stripMine(all, buffers.list, (...buffer) => buffers.add(...buffer)),
    buffers: buffers.list,
    inputs: inputs.map((x) => buffers.own(x)!),
    outputs: results,
  };
}

/** The call of a kernel, loop or branch. */
function buildCall(node: Node, buffers: Buffers, parts: CompilerParts): Step[] {
  const target = buffers.own(node)!;
  const { lowering } = node.op;
  if (lowering.kind === "loop" || lowering.kind === "branch") {
    const operands = node.inputs.map((x) => buffers.of(x));
    const newBuffer: NewBuffer = (...buffer) => buffers.add(...buffer);
    const inner = (order: readonly Node[], inputs: readonly Node[], outputs: readonly Node[]): Schedule =>
      schedule(parts, order, inputs, outputs);
    return [(lowering.plan as PlanStep)(node, operands, target, newBuffer, inner)];
  }
  if (node.op.lowering.kind === "kernel") {
    const call = node.op.lowering.call(node)!;
    return [{ kind: "call", call, operands: [...node.inputs.map((x) => buffers.of(x)), target], node }];
  }
  return parts.buildProduct(node, buffers);
}

/** Outputs get buffers of their own; an output that is data, an input, or the same array as another output is copied. */
function placeOutputs(outputs: readonly Node[], buffers: Buffers, steps: Step[]): number[] {
  const taken = new Set<number>();
  return outputs.map((node) => {
    const source = buffers.of(node);
    const buffer = buffers.list[source]!;
    if (buffer.kind === "temporary" && !taken.has(source)) {
      taken.add(source);
      buffer.kind = "output";
      return source;
    }
    const copy = buffers.add("output", sizeOf(node.shape), "output");
    const algebra = new LaneAlgebra();
    const n = sizeOf(node.shape);
    const strides = n === 1 ? [] : [1];
    const value = algebra.load({ buffer: source, offset: 0, strides });
    const target = { buffer: copy, offset: 0, strides };
    steps.push({
      kind: "nest",
      dims: n === 1 ? [] : [n],
      algebra,
      stores: [{ value, target }],
      accumulations: [],
      scatters: [],
      members: [],
    });
    return copy;
  });
}
