import type { FunctionRef, ModuleBuilder } from "../assembler.ts";
import { cholesky } from "./cholesky.ts";
import { gemm, gemmNT, gemmTN } from "./gemm.ts";
import type { Kernel } from "./kernel.ts";
import { gemv, gemvT } from "./products.ts";
import { copy, cumsum, cumsumReverse, fill } from "./sequences.ts";
import { solveLower, solveLowerT, solveUpper, solveUpperT } from "./triangular.ts";

/** Every kernel that a program may call, by name. Parameters and scratch are documented where each is defined. */
export const kernels: Readonly<Record<string, Kernel>> = {
  gemm,
  gemmNT,
  gemmTN,
  gemv,
  gemvT,
  cholesky,
  solveLower,
  solveLowerT,
  solveUpper,
  solveUpperT,
  cumsum,
  cumsumReverse,
  copy,
  fill,
};

/**
 * The function of a kernel in module `m`, emitted with everything it calls unless `linked` holds it already. Keep one `linked` map per module.
 *
 * @throws Error when there is no kernel of that name.
 *
 * @example
 * const m = new ModuleBuilder();
 * m.memory(1, { export: "memory" });
 * m.export("gemv", linkKernel(m, "gemv", new Map()));
 */
export function linkKernel(m: ModuleBuilder, name: string, linked: Map<string, FunctionRef>): FunctionRef {
  const found = kernels[name];
  if (!found) throw new Error(`There is no kernel ${name}; there are ${Object.keys(kernels).join(", ")}.`);
  const link = (kernel: Kernel): FunctionRef => {
    const known = linked.get(kernel.name);
    if (known) return known;
    const f = kernel.emit(m, link);
    linked.set(kernel.name, f);
    return f;
  };
  return link(found);
}
