/** The public names of the package. */
export * as dist from "../distributions/index.ts";
export { biject, constraints, transformed } from "../distributions/index.ts";
export * from "../inference/index.ts";
export { grad, hessian, jvp, type ScalarFunction, valueAndGrad, vjp } from "./autodiff/grad.ts";
export { type Instance, instantiate, type Program, validate } from "./compiler/program.ts";
export { decodeProgram, encodeProgram } from "./compiler/programFile.ts";
export { block } from "./effects/handlers/block.ts";
export { condition } from "./effects/handlers/condition.ts";
export { intervene } from "./effects/handlers/intervene.ts";
export { mask } from "./effects/handlers/mask.ts";
export { replay } from "./effects/handlers/replay.ts";
export { scale } from "./effects/handlers/scale.ts";
export { seed } from "./effects/handlers/seed.ts";
export { substitute } from "./effects/handlers/substitute.ts";
export { trace } from "./effects/handlers/trace.ts";
export { uncondition } from "./effects/handlers/uncondition.ts";
export { ModelError } from "./effects/modelError.ts";
export { deterministic, factor, param, plate, sample } from "./effects/primitives.ts";
export type { Trace } from "./effects/trace.ts";
export * as random from "./random/index.ts";
export { type Key, key } from "./random/key.ts";
export {
  type ScanOptions,
  type ScanResult,
  type ScanStep,
  scan,
  type WhileOptions,
  whileLoop,
} from "./tensor/control.ts";
export { cond, switchCase } from "./tensor/controlBranch.ts";
export type { TensorTree } from "./tensor/controlTrees.ts";
export { arange, eye, full, linspace, ones, tensor, zeros } from "./tensor/create.ts";
export { jit } from "./tensor/jit.ts";
export * as linalg from "./tensor/linalg.ts";
export { cholesky, diag, diagonal, dot, logdet, matmul, outer, solveTriangular, tril } from "./tensor/linalg.ts";
export * from "./tensor/math.ts";
export { type OdeOptions, odeint } from "./tensor/odeint.ts";
export { all, any, cumsum, logsumexp, max, mean, min, prod, sum, variance } from "./tensor/reduce.ts";
export {
  at,
  broadcastTo,
  concat,
  expandDims,
  flip,
  pad,
  reshape,
  scatterAdd,
  slice,
  squeeze,
  stack,
  take,
  transpose,
} from "./tensor/shape.ts";
export * as special from "./tensor/special.ts";
export { type DType, isTensor, type NestedArray, type Shape, Tensor, type TensorLike } from "./tensor/tensor.ts";
export { features } from "./wasm/featureProbe.ts";
