/** Calls of kernels, on all rows or on those of a chunk, and fills. */
import type { FunctionRef } from "../wasm/assembler.ts";
import { type Chunk, pushTimes } from "./chunk.ts";
import type { Environment } from "./nestFrame.ts";
import type { Call, Fill } from "./steps.ts";

/** Bulk fills cost tens of nanoseconds each, more than storing a short buffer by hand. */
const longFill = 64;

/** Fills a buffer of `size` numbers. */
export function emitFill(step: Fill, size: number, { code, address, take, release }: Environment): void {
  const at = address(step.buffer);
  if (step.value === 0 && size > longFill) {
    code
      .i32(at)
      .i32(0)
      .i32(size * 8)
      .op("memory.fill");
    return;
  }
  if (size <= longFill) {
    for (let i = 0; i < size; i += 2) {
      code.i32(0).f64x2(step.value);
      if (i + 1 < size) code.store("v128.store", at + i * 8);
      else code.op("v128.store64_lane", at + i * 8, 3, 0);
    }
    return;
  }
  const pointer = take("i32");
  code.i32(0).set(pointer);
  code.countedLoop(pointer, size * 8, 8, () => {
    code.get(pointer).f64(step.value).store("f64.store", at);
  });
  release([pointer]);
}

/** A kernel of the module, and the address of the memory that kernels use for themselves. */
export interface Kernels {
  readonly function: (step: Call) => FunctionRef;
  readonly scratch: number;
}

/** Calls a kernel once, or once for each matrix of a batch. */
export function emitCall(step: Call, kernels: Kernels, { code, address, take, release }: Environment): void {
  const { batch, dims } = step.call;
  if (!batch) {
    for (const id of step.operands) code.i32(address(id));
    finishCall(step, dims, kernels, code);
    return;
  }
  const turn = take("i32");
  code.i32(0).set(turn);
  code.countedLoop(turn, batch.count, 1, () => {
    step.operands.forEach((id, i) => {
      code
        .get(turn)
        .i32(batch.strides[i]! * 8)
        .op("i32.mul")
        .i32(address(id))
        .op("i32.add");
    });
    finishCall(step, dims, kernels, code);
  });
  release([turn]);
}

/** Calls a kernel on the rows of a chunk. */
export function emitCallOnChunk(step: Call, kernels: Kernels, chunk: Chunk, { code, address }: Environment): void {
  step.operands.forEach((id, i) => {
    code.i32(address(id));
    const stride = chunk.strip.local.has(id) ? 0 : step.rowStrides![i]! * 8;
    if (stride !== 0) code.get(chunk.first).i32(stride).op("i32.mul").op("i32.add");
  });
  pushTimes(code, chunk, chunk.strip.chunk, chunk.lastRows);
  finishCall(step, step.call.dims.slice(1), kernels, code);
}

/** Pushes what follows the operands, and calls. */
function finishCall(step: Call, dims: readonly number[], kernels: Kernels, code: Environment["code"]): void {
  for (const n of dims) code.i32(n);
  if (step.call.kernel.scratch) code.i32(kernels.scratch);
  code.call(kernels.function(step));
}
