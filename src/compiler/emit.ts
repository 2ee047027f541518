/** A schedule as a WebAssembly module: one function that calls parts, each small enough for the engine's optimiser. */
import { tableRoom } from "../wasm/algebra.ts";
import { type Code, type FunctionRef, type Local, ModuleBuilder, type ValueType } from "../wasm/assembler.ts";
import { type Kernel, linkKernel } from "../wasm/kernels/kernel.ts";
import { type Chunk, pushTimes } from "./chunk.ts";
import { bitLiterals } from "./emitLane.ts";
import { emitNest } from "./emitNest.ts";
import { emitStrip } from "./emitStrip.ts";
import type { Node } from "./graph.ts";
import { type MemoryPlan, planMemory } from "./memory.ts";
import type { Environment } from "./nestFrame.ts";
import { planNest } from "./nestPlan.ts";
import type { Port, Program } from "./program.ts";
import { findRegisters, type PlannedStep, Register } from "./registers.ts";
import { allSteps, type Call, type Fill, lanesOf, type Schedule, type Step } from "./steps.ts";

/** V8's optimiser is super-linear in the size of a function and starts to lose at about 15 kB. */
const partLimit = 6000;

/**
 * Numbers of formulas, kept in memory: loading one into both lanes is a single operation, while the engine builds a vector
 * constant from three or four. Zero is the exception.
 */
class Literals {
  readonly #places: Map<number | "-0", number> = new Map();
  readonly values: number[] = [];

  add(x: number): void {
    const key = literalKey(x);
    if (this.#places.has(key)) return;
    this.#places.set(key, this.values.length);
    this.values.push(x);
  }
  offset(x: number): number {
    return this.#places.get(literalKey(x))! * 8;
  }
}
/** A key under which the two zeros are told apart. */
const literalKey = (x: number): number | "-0" => (Object.is(x, -0) ? "-0" : x);

/** Where lookup tables lie, in the order they were met. */
class Tables {
  readonly #offsets: Map<Float64Array, number> = new Map();
  bytes = 0;

  add(table: Float64Array): void {
    if (this.#offsets.has(table)) return;
    this.#offsets.set(table, this.bytes);
    this.bytes += tableRoom(table.length) * 8;
  }
  offset(table: Float64Array): number {
    return this.#offsets.get(table)!;
  }
  packed(): Float64Array {
    const out = new Float64Array(this.bytes / 8);
    for (const [table, offset] of this.#offsets) out.set(table, offset / 8);
    return out;
  }
}

export function emit(schedule: Schedule, inputs: readonly Node[], outputs: readonly Node[]): Program {
  const tables = new Tables();
  const literals = new Literals();
  let scratch = 0;
  for (const step of allSteps(schedule)) {
    if (step.kind === "nest" && step.accumulations.some((a) => a.combine === "logProduct")) {
      Object.values(bitLiterals).forEach((x) => literals.add(x));
    }
    for (const lane of lanesOf(step)) {
      if (lane.table) tables.add(lane.table);
      if (lane.op === "constant") literals.add(lane.constant!);
    }
    if (step.kind === "call") scratch = Math.max(scratch, step.call.kernel.scratch?.(step.call.dims) ?? 0);
  }
  const literalBytes = literals.values.length * 8;
  const plan = planMemory(schedule, tables.bytes + literalBytes, scratch);
  const tableBase = plan.constantsEnd - ((tables.bytes + literalBytes + 15) & ~15);
  const literalBase = tableBase + tables.bytes;
  const builder = new ModuleBuilder();
  builder.memory(Math.ceil(plan.bytes / 65536), { export: "memory" });
  const parts = emitParts(schedule, (id) => plan.addresses[id]!, {
    builder,
    scratch: plan.scratch,
    table: (table) => tableBase + tables.offset(table),
    literal: (x) => literalBase + literals.offset(x),
    linked: new Map(),
    names: new Map(),
  });
  const [only] = parts;
  const run =
    only && parts.length === 1 ? only : builder.func("run", [], [], (code) => parts.forEach((part) => code.call(part)));
  builder.export("run", run);
  return {
    format: "lapilli-program",
    version: 1,
    code: builder.build(),
    constants: collectConstants(schedule, plan, [
      [tableBase, tables.packed()],
      [literalBase, Float64Array.from(literals.values)],
    ]),
    constantsAt: plan.constantsAt,
    bytes: plan.bytes,
    inputs: schedule.inputs.map((id, i) => port(inputs[i]!, String(inputs[i]!.attrs.name), plan.addresses[id]!)),
    outputs: schedule.outputs.map((id, i) => port(outputs[i]!, `output ${i}`, plan.addresses[id]!)),
  };
}

const port = (node: Node, name: string, offset: number): Port => ({
  name,
  shape: [...node.shape],
  dtype: node.dtype,
  offset,
  size: node.shape.reduce((a, b) => a * b, 1),
});

function collectConstants(
  schedule: Schedule,
  plan: MemoryPlan,
  extra: readonly (readonly [address: number, data: Float64Array])[],
): Uint8Array {
  const bytes = new Uint8Array(plan.constantsEnd - plan.constantsAt);
  const put = (data: Float64Array, address: number): void =>
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address - plan.constantsAt);
  for (const buffer of schedule.buffers) if (buffer.data) put(buffer.data, plan.addresses[buffer.id]!);
  for (const [address, data] of extra) put(data, address);
  return bytes;
}

/** What all functions of a module share. */
interface Module {
  readonly builder: ModuleBuilder;
  readonly scratch: number;
  readonly table: (table: Float64Array) => number;
  readonly literal: (x: number) => number;
  readonly linked: Map<Kernel, FunctionRef>;
  readonly names: Map<string, number>;
}
function freshName({ names }: Module, kind: string): string {
  const n = names.get(kind) ?? 0;
  names.set(kind, n + 1);
  return `${kind}${n}`;
}

function emitParts(schedule: Schedule, address: (id: number) => number, module: Module): FunctionRef[] {
  const { builder, linked, scratch } = module;
  const parts: FunctionRef[] = [];
  // Kernels and loops are functions of the same module, and must be defined before the part that is being written.
  const functions = new Map<Step, FunctionRef>();
  for (const step of schedule.steps.flatMap((s): readonly Step[] => (s.kind === "strip" ? s.steps : [s]))) {
    if (step.kind === "call") linkKernel(builder, step.call.kernel, linked);
    if (step.kind !== "loop" && step.kind !== "branch") continue;
    const inside = step.emit({
      builder,
      address,
      tableAddress: module.table,
      literalAddress: module.literal,
      parts: (inner, at) => emitParts(inner.schedule, at, module),
      name: (kind) => freshName(module, kind),
    });
    functions.set(step, inside);
  }
  let next = 0;
  while (next < schedule.steps.length) {
    const first = next;
    const planned: PlannedStep[] = [];
    for (let size = 0; next < schedule.steps.length && size < partLimit; ) {
      const step = schedule.steps[next++]!;
      const plan = step.kind === "nest" ? planNest(step) : undefined;
      planned.push({ step, ...(plan && { plan }) });
      size += plan?.codeSize ?? 0;
    }
    const isWhole = (id: number): boolean =>
      schedule.buffers[id]!.firstStep >= first && schedule.buffers[id]!.lastStep < next;
    const registers = findRegisters(planned, schedule.buffers, isWhole);
    const part = builder.func(freshName(module, "part"), [], [], (code) => {
      const locals = new LocalPool(code);
      const held = new Map([...registers].map((id) => [id, new Register(code, () => locals.take("v128"))]));
      for (const { step, plan } of planned) {
        if (step.kind === "nest" || step.kind === "strip") {
          const env: Environment = {
            code,
            address,
            tableAddress: module.table,
            literalAddress: module.literal,
            register: (id) => held.get(id),
            data: (id) => schedule.buffers[id]!.data,
            take: locals.take,
            release: locals.release,
          };
          if (step.kind === "nest") emitNest(step, plan!, env);
          else emitStrip(step, env, (call, chunk) => emitCall(code, call, address, linked, scratch, locals, chunk));
        } else if (step.kind === "fill") emitFill(code, step, schedule.buffers[step.buffer]!.size, address, locals);
        else if (step.kind === "call") emitCall(code, step, address, linked, scratch, locals);
        else code.call(functions.get(step)!);
      }
    });
    parts.push(part);
  }
  return parts;
}

/** Locals that are handed out again once released, so that a function needs as many as are in use at once. */
class LocalPool {
  readonly #code: Code;
  readonly #free: Map<ValueType, Local[]> = new Map();

  constructor(code: Code) {
    this.#code = code;
  }
  readonly take = (type: ValueType): Local => this.#free.get(type)?.pop() ?? this.#code.local(type);
  readonly release = (locals: readonly Local[]): void => {
    for (const local of locals) {
      const free = this.#free.get(local.type) ?? [];
      free.push(local);
      this.#free.set(local.type, free);
    }
  };
}

/** Bulk fills cost tens of nanoseconds each, more than storing a short buffer by hand. */
const longFill = 64;
function emitFill(code: Code, step: Fill, size: number, address: (id: number) => number, locals: LocalPool): void {
  const at = address(step.buffer);
  if (step.value === 0 && size > longFill) {
    code
      .i32(at)
      .i32(0)
      .i32(size * 8)
      .op("memory.fill");
    return;
  }
  const store = (offset: number, i: number): void => {
    code.f64x2(step.value);
    if (i + 1 < size) code.store("v128.store", offset);
    else code.op("v128.store64_lane", offset, 3, 0);
  };
  if (size <= longFill) {
    for (let i = 0; i < size; i += 2) {
      code.i32(0);
      store(at + i * 8, i);
    }
    return;
  }
  const pointer = locals.take("i32");
  code.i32(0).set(pointer);
  code.countedLoop(pointer, size * 8, 8, () => {
    code.get(pointer).f64(step.value).store("f64.store", at);
  });
  locals.release([pointer]);
}

function emitCall(
  code: Code,
  step: Call,
  address: (id: number) => number,
  linked: Map<Kernel, FunctionRef>,
  scratch: number,
  locals: LocalPool,
  chunk?: Chunk,
): void {
  const { call } = step;
  const f = linked.get(call.kernel)!;
  if (chunk) {
    step.operands.forEach((id, i) => {
      code.i32(address(id));
      const stride = chunk.strip.local.has(id) ? 0 : step.rowStrides![i]! * 8;
      if (stride !== 0) code.get(chunk.first).i32(stride).op("i32.mul").op("i32.add");
    });
    pushTimes(code, chunk, chunk.strip.chunk, chunk.lastRows);
    for (const n of call.dims.slice(1)) code.i32(n);
    if (call.kernel.scratch) code.i32(scratch);
    code.call(f);
    return;
  }
  const strides = call.batch?.strides ?? step.operands.map(() => 0);
  const once = (push: (base: number, stride: number) => void): void => {
    step.operands.forEach((id, i) => push(address(id), strides[i]! * 8));
    for (const n of call.dims) code.i32(n);
    if (call.kernel.scratch) code.i32(scratch);
    code.call(f);
  };
  if (!call.batch) {
    once((base) => code.i32(base));
    return;
  }
  const turn = locals.take("i32");
  code.i32(0).set(turn);
  code.countedLoop(turn, call.batch.count, 1, () => {
    once((base, stride) => code.get(turn).i32(stride).op("i32.mul").i32(base).op("i32.add"));
  });
  locals.release([turn]);
}
