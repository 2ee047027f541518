/** Loops and branches as WebAssembly: functions over fixed places in memory. */
import type { Code, FunctionRef, Local } from "../wasm/assembler.ts";
import { layoutOf, type Segment, segmentsOf } from "./loop.ts";
import { emitTurns, loadInteger, RowPointers } from "./loopTurns.ts";
import type { Branch, Inner, Loop, LoopEnvironment } from "./steps.ts";

const addressOf =
  (inner: Inner, workspace: number, address: (buffer: number) => number) =>
  (id: number): number => {
    const outside = inner.outside.get(id);
    return outside === undefined ? workspace + inner.offsets[id]! : address(outside);
  };

/** The function of a branch: a jump for each schedule, and its results put into the flat one. */
export function emitBranch(step: Branch, env: LoopEnvironment): FunctionRef {
  const { builder, address } = env;
  const target = address(step.target);
  const bodies = step.branches.map((inner) => {
    const inside = addressOf(inner, address(step.workspace), address);
    return { inner, inside, parts: env.parts(inner, inside) };
  });
  return builder.func(env.name("branch"), [], [], (code) => {
    const index = code.local("i32");
    loadInteger(code, address(step.operands[0]!));
    code.set(index);
    const choose = (b: number): void => {
      const { inner, inside, parts } = bodies[b]!;
      const run = (): void => {
        for (const part of parts) code.call(part);
        const { outputs, buffers } = inner.schedule;
        const places = segmentsOf(outputs.map((id) => [buffers[id]!.size]));
        outputs.forEach((id, k) =>
          copy(code, places[k]!.size, { at: inside(id) }, { at: target + places[k]!.start * 8 }),
        );
      };
      if (b + 1 === bodies.length) run();
      else
        code
          .get(index)
          .i32(b)
          .op("i32.eq")
          .if(run, () => choose(b + 1));
    };
    choose(0);
  });
}

/** An address: a constant, and what a local adds to it. */
interface Place {
  readonly at: number;
  readonly pointer?: Local | undefined;
}
/** Rows of up to this many numbers are moved by loads and stores. */
const shortRow = 64;

function copy(code: Code, size: number, from: Place, to: Place): void {
  const push = ({ pointer }: Place): unknown => (pointer ? code.get(pointer) : code.i32(0));
  if (size > shortRow) {
    for (const { at, pointer } of [to, from]) {
      code.i32(at);
      if (pointer) code.get(pointer).op("i32.add");
    }
    code.i32(size * 8).op("memory.copy");
    return;
  }
  for (let i = 0; i < size; i += 2) {
    const single = i + 1 === size;
    push(to);
    push(from);
    code
      .load(single ? "f64.load" : "v128.load", from.at + i * 8)
      .store(single ? "f64.store" : "v128.store", to.at + i * 8);
  }
}

/** The function of a loop whose body is a schedule: rows and carried values are moved to its inputs and from its outputs. */
export function emitScheduledLoop(step: Loop, env: LoopEnvironment): FunctionRef {
  const { builder, address } = env;
  if (!("workspace" in step.work)) throw new Error("compiler: a packed loop has no schedule");
  const { body, test, workspace } = step.work;
  const { carries, rows, reverse, views } = step.attrs;
  const layout = layoutOf(step.attrs);
  const target = address(step.target);
  const inside = addressOf(body, address(workspace), address);
  const parts = env.parts(body, inside);
  const insideTest = test && addressOf(test, address(workspace), address);
  const testParts = test && env.parts(test, insideTest!);
  const sizeOf = (id: number): number => body.schedule.buffers[id]!.size;
  const inputs = body.schedule.inputs.map((id) => ({ at: inside(id), size: sizeOf(id) }));
  const outputs = body.schedule.outputs.map((id) => ({ at: inside(id), size: sizeOf(id) }));
  const read = inputs.slice(carries, carries + rows);
  return builder.func(env.name("loop"), [], [], (code) => {
    const pointers = new RowPointers(
      code,
      reverse,
      [...inputs.slice(0, carries + rows), ...outputs].map((x) => x.size),
      read.flatMap((x, j) => (views?.[j]?.backwards ? [x.size] : [])),
    );
    const along = (segment: Segment, size: number): Place => ({
      at: target + segment.start * 8,
      pointer: pointers.of(size),
    });
    emitTurns(code, step, address, pointers, {
      start: () => {
        for (let k = 0; k < carries; k++) copy(code, inputs[k]!.size, { at: address(step.operands[k]!) }, inputs[k]!);
      },
      ...(testParts && {
        test: () => {
          for (const part of testParts) code.call(part);
          code.i32(0).load("f64.load", insideTest!(test.schedule.outputs[0]!)).f64(0).op("f64.ne");
        },
      }),
      step: () => {
        layout.records.forEach((record, k) => {
          if (record.size > 0) copy(code, inputs[k]!.size, inputs[k]!, along(record, inputs[k]!.size));
        });
        read.forEach((x, j) => {
          const { offset = 0, backwards = false } = views?.[j] ?? {};
          const start = address(step.operands[carries + j]!) + offset * 8;
          copy(code, x.size, { at: start, pointer: pointers.of(x.size, backwards) }, x);
        });
        for (const part of parts) code.call(part);
        outputs.forEach((x, k) => {
          if (k < carries) copy(code, x.size, x, inputs[k]!);
          else copy(code, x.size, x, along(layout.results[k - carries]!, x.size));
        });
      },
      finish: () => {
        for (let k = 0; k < carries; k++)
          copy(code, inputs[k]!.size, inputs[k]!, { at: target + layout.finals[k]!.start * 8 });
      },
    });
  });
}
