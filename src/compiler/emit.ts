/** A schedule as a WebAssembly module: one function that calls parts, each small enough for the engine's optimiser. */
import { ModuleBuilder } from "../wasm/assembler.ts";
import { bitLiterals } from "./emitLane.ts";
import { emitParts } from "./emitParts.ts";
import type { Node } from "./graph.ts";
import { Literals, Tables } from "./literals.ts";
import { type MemoryPlan, planMemory } from "./memory.ts";
import type { Port, Program } from "./program.ts";
import { allSteps, lanesOf, type Schedule } from "./steps.ts";

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
    tableAddress: (table) => tableBase + tables.offset(table),
    literalAddress: (x) => literalBase + literals.offset(x),
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
