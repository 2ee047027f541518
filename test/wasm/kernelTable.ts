import { cholesky } from "../../src/wasm/kernels/cholesky.ts";
import { gemm } from "../../src/wasm/kernels/gemm.ts";
import { inverseFactor } from "../../src/wasm/kernels/inverseFactor.ts";
import { inverseProducts, rightColumns } from "../../src/wasm/kernels/inverseProducts.ts";
import type { Kernel } from "../../src/wasm/kernels/kernel.ts";
import { logProduct } from "../../src/wasm/kernels/logProduct.ts";
import { gemv, gemvT, gemvTLower, gemvTUpper } from "../../src/wasm/kernels/products.ts";
import { recurrenceKernel, recurrenceKinds } from "../../src/wasm/kernels/recurrence.ts";
import { cumsum } from "../../src/wasm/kernels/sequences.ts";
import { solveLower, solveLowerT } from "../../src/wasm/kernels/triangular.ts";

/** Every kernel that programs may call. */
export const kernels: readonly Kernel[] = [
  gemm,
  gemv,
  gemvT,
  gemvTUpper,
  gemvTLower,
  cholesky,
  inverseFactor,
  inverseProducts,
  rightColumns,
  solveLower,
  solveLowerT,
  cumsum,
  logProduct,
  ...recurrenceKinds.map(recurrenceKernel),
];
