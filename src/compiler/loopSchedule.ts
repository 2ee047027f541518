/** Loops and branches as steps: the schedules of their bodies, and where these work. */
import { branchAttrs, loopAttrs } from "./loop.ts";
import type { Body } from "./loopBody.ts";
import { emitBranch, emitScheduledLoop } from "./loopEmit.ts";
import { emitPackedLoop } from "./loopEmitPacked.ts";
import { packLoop } from "./loopPack.ts";
import { align, findLifetimes, placeTemporaries } from "./memory.ts";
import type { Branch, Inner, Loop, NewBuffer, PlanStep, Schedule } from "./steps.ts";

type Scheduler = Parameters<PlanStep>[4];

/**
 * Puts the buffers of a body in place: `shared` says which are buffers of the schedule around it. Inputs and outputs that are
 * not lie first, at `at` for inputs that already have a place.
 */
function place(
  schedule: Schedule,
  shared: ReadonlyMap<number, number>,
  newBuffer: NewBuffer,
  at: readonly number[] = [],
  start = 0,
): Inner & { readonly end: number } {
  const outside = new Map(shared);
  const offsets = schedule.buffers.map(() => 0);
  let end = start;
  for (const buffer of schedule.buffers) {
    if (outside.has(buffer.id)) continue;
    if (buffer.kind === "constant") {
      outside.set(buffer.id, newBuffer("constant", buffer.size, buffer.label, buffer.data));
      continue;
    }
    if (buffer.kind === "temporary") continue;
    const input = schedule.inputs.indexOf(buffer.id);
    offsets[buffer.id] = at[input] ?? end;
    if (input < 0 || at[input] === undefined) end += align(buffer.size * 8);
  }
  findLifetimes(schedule);
  end = placeTemporaries(
    schedule.buffers.filter((b) => !outside.has(b.id)),
    offsets,
    end,
  );
  return { schedule, outside, offsets, end };
}

/** The schedule of a closed graph. */
const scheduleBody = ({ inputs, outputs, order }: Body, schedule: Scheduler): Schedule =>
  schedule(order, inputs, outputs);

export const planLoop: PlanStep = (node, operands, target, newBuffer, schedule) => {
  const attrs = loopAttrs(node.attrs);
  const packed = packLoop(attrs);
  if (packed) {
    const step: Loop = {
      kind: "loop",
      attrs,
      operands,
      target,
      work: packed,
      node,
      emit: (env) => emitPackedLoop(step, packed, env),
    };
    return step;
  }
  const closures = (inputs: readonly number[], first: number): Map<number, number> =>
    new Map(inputs.slice(first).map((id, i) => [id, operands[attrs.carries + attrs.rows + i]!]));
  const own = attrs.carries + attrs.rows;
  const inner = scheduleBody(attrs.body, schedule);
  const body = place(inner, closures(inner.inputs, own), newBuffer);
  let { end } = body;
  let test: Inner | undefined;
  if (attrs.test) {
    const tested = scheduleBody(attrs.test, schedule);
    const carried = inner.inputs.slice(0, attrs.carries).map((id) => body.offsets[id]!);
    const placed = place(tested, closures(tested.inputs, attrs.carries), newBuffer, carried, end);
    test = placed;
    end = placed.end;
  }
  const workspace = newBuffer("temporary", end / 8, `workspace of %${node.id}`);
  const work = { workspace, body, ...(test && { test }) };
  const step: Loop = { kind: "loop", attrs, operands, target, work, node, emit: (env) => emitScheduledLoop(step, env) };
  return step;
};

export const planBranch: PlanStep = (node, operands, target, newBuffer, schedule) => {
  const branches = branchAttrs(node.attrs).branches.map((body) => {
    const inner = scheduleBody(body, schedule);
    return place(inner, new Map(inner.inputs.map((id, i) => [id, operands[i + 1]!])), newBuffer);
  });
  const workspace = newBuffer("temporary", Math.max(...branches.map((b) => b.end)) / 8, `workspace of %${node.id}`);
  const step: Branch = {
    kind: "branch",
    operands,
    target,
    workspace,
    branches,
    node,
    emit: (env) => emitBranch(step, env),
  };
  return step;
};
