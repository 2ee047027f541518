/** The functions of a program: parts, each a run of steps, and beside them the kernels, loops and branches they call. */
import type { FunctionRef, ModuleBuilder } from "../wasm/assembler.ts";
import { type Kernel, linkKernel } from "../wasm/kernels/kernel.ts";
import { emitCall, emitCallOnChunk, emitFill, type Kernels } from "./emitCall.ts";
import { emitNest } from "./emitNest.ts";
import { emitStrip, planStrip } from "./emitStrip.ts";
import { LocalPool } from "./localPool.ts";
import type { Environment } from "./nestFrame.ts";
import { planNest } from "./nestPlan.ts";
import { findRegisters, type PlannedStep, Register } from "./registers.ts";
import type { Schedule, Step } from "./steps.ts";

/** V8's optimiser is super-linear in the size of a function and starts to lose at about 15 kB. */
const partLimit = 6000;

/** What all functions of a module share. */
export interface Module {
  readonly builder: ModuleBuilder;
  readonly scratch: number;
  readonly tableAddress: (table: Float64Array) => number;
  readonly literalAddress: (x: number) => number;
  readonly linked: Map<Kernel, FunctionRef>;
  readonly names: Map<string, number>;
}
function freshName({ names }: Module, kind: string): string {
  const n = names.get(kind) ?? 0;
  names.set(kind, n + 1);
  return `${kind}${n}`;
}

/** Functions that run a schedule one after the other; `address` tells where its buffers lie. */
export function emitParts(schedule: Schedule, address: (id: number) => number, module: Module): FunctionRef[] {
  // What is called must be defined before the part that is being written.
  const called = emitCalled(schedule, address, module);
  const parts: FunctionRef[] = [];
  for (let first = 0; first < schedule.steps.length; ) {
    const planned = planPart(schedule.steps, first);
    const next = first + planned.length;
    const isWhole = (id: number): boolean =>
      schedule.buffers[id]!.firstStep >= first && schedule.buffers[id]!.lastStep < next;
    const inRegisters = findRegisters(planned, schedule.buffers, isWhole);
    parts.push(emitPart(planned, schedule, address, inRegisters, called, module));
    first = next;
  }
  return parts;
}

/** Links the kernels of a schedule and defines its loops and branches. */
function emitCalled(
  schedule: Schedule,
  address: (id: number) => number,
  module: Module,
): ReadonlyMap<Step, FunctionRef> {
  const { builder, tableAddress, literalAddress } = module;
  const functions = new Map<Step, FunctionRef>();
  for (const step of schedule.steps.flatMap((s): readonly Step[] => (s.kind === "strip" ? s.steps : [s]))) {
    if (step.kind === "call") linkKernel(builder, step.call.kernel, module.linked);
    if (step.kind !== "loop" && step.kind !== "branch") continue;
    const inside = step.emit({
      builder,
      address,
      tableAddress,
      literalAddress,
      parts: (inner, at) => emitParts(inner.schedule, at, module),
      name: (kind) => freshName(module, kind),
    });
    functions.set(step, inside);
  }
  return functions;
}

/** The steps of one part, from step `first` on, until there is code enough. */
function planPart(steps: readonly Step[], first: number): PlannedStep[] {
  const planned: PlannedStep[] = [];
  for (let next = first, size = 0; next < steps.length && size < partLimit; next++) {
    const step = steps[next]!;
    const plan = step.kind === "nest" ? planNest(step) : undefined;
    const inside = step.kind === "strip" ? planStrip(step) : undefined;
    planned.push({ step, ...(plan && { plan }), ...(inside && { inside }) });
    for (const nest of inside ?? [plan]) size += nest?.codeSize ?? 0;
  }
  return planned;
}

function emitPart(
  planned: readonly PlannedStep[],
  { buffers }: Schedule,
  address: (id: number) => number,
  inRegisters: ReadonlySet<number>,
  called: ReadonlyMap<Step, FunctionRef>,
  module: Module,
): FunctionRef {
  const { builder, tableAddress, literalAddress, linked, scratch } = module;
  const kernels: Kernels = { scratch, function: ({ call }) => linked.get(call.kernel)! };
  return builder.func(freshName(module, "part"), [], [], (code) => {
    const { take, release } = new LocalPool(code);
    const registers = new Map([...inRegisters].map((id) => [id, new Register(code, () => take("v128"))]));
    const env: Environment = {
      code,
      address,
      tableAddress,
      literalAddress,
      register: (id) => registers.get(id),
      data: (id) => buffers[id]!.data,
      take,
      release,
    };
    for (const { step, plan, inside } of planned) {
      if (step.kind === "nest") emitNest(step, plan!, env);
      else if (step.kind === "strip")
        emitStrip(step, inside!, env, (call, chunk) => emitCallOnChunk(call, kernels, chunk, env));
      else if (step.kind === "fill") emitFill(step, buffers[step.buffer]!.size, env);
      else if (step.kind === "call") emitCall(step, kernels, env);
      else code.call(called.get(step)!);
    }
  });
}
