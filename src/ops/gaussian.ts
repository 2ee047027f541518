/**
 * Log densities of normal vectors with a given covariance.
 *
 * For A = L·Lᵀ one elimination gives E = L⁻¹[I | B], and with it everything: bᵀA⁻¹b is a sum of squares of E, log |A| a sum of logarithms of
 * its diagonal, and the derivatives are products of A⁻¹[I | B] = (L⁻¹)ᵀE, instead of the adjoints of a factor and of solves with it.
 */
import type { KernelCall, Node, NodeType, Op, Shape, TypedArray, Value } from "../compiler/graph.ts";
import { apply, constantNode, scalar } from "../compiler/node.ts";
import { allocate, sizeOf } from "../compiler/shapes.ts";
import { inverseFactor } from "../wasm/kernels/inverseFactor.ts";
import { inverseProducts, rightColumns } from "../wasm/kernels/inverseProducts.ts";
import type { Kernel } from "../wasm/kernels/kernel.ts";
import { add, mul, neg, square, sub } from "./arithmetic.ts";
import { cast } from "./casts.ts";
import { log } from "./elementary.ts";
import { constantIndices, squareSize, take } from "./indexing.ts";
import { factor, matmul, transposeMatrix } from "./linalg.ts";
import { sum } from "./reduce.ts";
import { expandDims, pad, reshape, slice } from "./shape.ts";

const rows = (x: NodeType): number => x.shape.at(-2)!;
const columns = (x: NodeType): number => x.shape.at(-1)!;
const leadOf = (x: NodeType): Shape => x.shape.slice(0, -2);

/** Columns `start` to `stop` (exclusive) of matrices. */
const between = (x: Node, start: number, stop: number): Node =>
  slice(
    x,
    x.shape.map((_, d) => (d === x.shape.length - 1 ? start : 0)),
    x.shape.map((n, d) => (d === x.shape.length - 1 ? stop : n)),
  );
/** The columns of the identity, and those of B. */
const ofIdentity = (x: Node): Node => between(x, 0, rows(x));
const ofRight = (x: Node): Node => between(x, rows(x), columns(x));
/** The latter on their own: products of them with themselves read them along both dimensions of a matrix. */
const rightOp: Op = {
  name: "rightColumns",
  infer: ([x]) => ({ shape: [...leadOf(x!), rows(x!), columns(x!) - rows(x!)], dtype: x!.dtype }),
  evaluate: ([x]) => ofRight(constantNode(x!.data, x!.shape, x!.dtype)).value!,
  vjp: (cotangent) => [besideZeros(cotangent)],
  jvp: ([t]) => apply(rightOp, [t!]),
  lowering: {
    kind: "kernel",
    call: (node) => called(rightColumns, node, columns(node)),
  },
};
/** [0 | X] */
const besideZeros = (x: Node): Node => pad(x, [...leadOf(x).map(() => [0, 0] as const), [0, 0], [rows(x), 0]]);

function called(kernel: Kernel, node: Node, m = columns(node) - rows(node)): KernelCall {
  const n = rows(node);
  const count = sizeOf(leadOf(node));
  const strides = [...node.inputs, node].map((x) => rows(x) * columns(x));
  return { kernel, dims: [n, m], ...(count !== 1 && { batch: { count, strides } }) };
}

/** E = L⁻¹[I | B] `[…, n, n + m]`; NaN throughout where A is not positive definite. What is computed from it has derivatives, it has none. */
const factorOp: Op = {
  name: "inverseFactor",
  infer: ([a, b]) => {
    const n = squareSize("MultivariateNormal", a!.shape);
    return { shape: [...leadOf(b!), n, n + columns(b!)], dtype: a!.dtype };
  },
  evaluate: ([a, b], _attrs, output) => {
    const [n, m] = [rows(output), columns(b!)];
    const out = allocate(output.dtype, sizeOf(output.shape));
    const l = allocate(output.dtype, n * n);
    for (let batch = 0; batch < sizeOf(leadOf(output)); batch++) {
      const base = batch * n * (m + n);
      if (!factor(a!.data.subarray(batch * n * n), l, 0, n)) {
        out.fill(Number.NaN, base, base + n * (m + n));
        continue;
      }
      for (let c = 0; c < m + n; c++) {
        for (let i = 0; i < n; i++) {
          let total = c >= n ? b!.data[(batch * n + i) * m + c - n]! : c === i ? 1 : 0;
          for (let k = 0; k < i; k++) total -= l[i * n + k]! * out[base + k * (m + n) + c]!;
          out[base + i * (m + n) + c] = total / l[i * n + i]!;
        }
      }
    }
    return out;
  },
  lowering: { kind: "kernel", call: (node) => called(inverseFactor, node) },
};

/** (L⁻¹)ᵀE of E. */
const evaluateProducts = (e: Value, output: NodeType): TypedArray => {
  const [n, width] = [rows(e), columns(e)];
  const out = allocate(output.dtype, e.data.length);
  for (let at = 0; at < out.length; at++) {
    const i = Math.floor(at / width) % n;
    let total = 0;
    for (let r = i, k = at; r < n; r++, k += width) {
      total += e.data[k - (at % width) + i]! * e.data[k]!;
    }
    out[at] = total;
  }
  return out;
};
const productsOp: Op = {
  name: "inverseProducts",
  infer: ([e]) => e!,
  evaluate: ([e], _attrs, output) => evaluateProducts(e!, output),
  lowering: { kind: "kernel", call: (node) => called(inverseProducts, node) },
};

/** A⁻¹[I | B], of A, B and E. */
const solutionOp: Op = {
  name: "inverseTimes",
  infer: ([, , e]) => e!,
  evaluate: ([, , e], _attrs, output) => evaluateProducts(e!, output),
  // dS = A⁻¹([0 | dB] − dA S)
  vjp: (cotangent, node, wanted) => {
    const left = matmul(ofIdentity(node), cotangent);
    const outer = matmul(left, transposeMatrix(node));
    return [
      wanted[0] ? mul(scalar(-0.5), add(outer, transposeMatrix(outer))) : undefined,
      wanted[1] ? ofRight(left) : undefined,
      undefined,
    ];
  },
  jvp: ([ta, tb], node) => {
    const terms = [...(tb ? [besideZeros(tb)] : []), ...(ta ? [neg(matmul(ta, node))] : [])];
    return matmul(ofIdentity(node), terms.reduce(add));
  },
  lower: ([, , e]) => apply(productsOp, [e!]),
  lowering: { kind: "interpret" },
};

/** The first m columns of the sum over rows, `[…, m]`. */
const overRows = (x: Node): Node => sum(x, [x.shape.length - 2]);
const trace = (x: Node): Node => sum(x, [x.shape.length - 2, x.shape.length - 1]);

/** −½ (bᵀA⁻¹b + log |A|) from E. */
function densityOf(e: Node): Node {
  const [n, width] = [rows(e), columns(e)];
  const places = Int32Array.from({ length: n }, (_, i) => i * (width + 1));
  const diagonal = take(reshape(e, [...leadOf(e), n * width]), constantIndices(places), -1);
  const logarithms = expandDims(sum(log(diagonal), [diagonal.shape.length - 1]), -1);
  return add(mul(scalar(-0.5), overRows(square(ofRight(e)))), logarithms);
}

/** The same for every column b of B, `[…, m]`, of A, B and E. */
const densityOp: Op = {
  name: "gaussian",
  infer: ([, b, e]) => ({ shape: [...leadOf(b!), columns(b!)], dtype: e!.dtype }),
  evaluate: ([, , e]) => densityOf(constantNode(e!.data, e!.shape, e!.dtype)).value!,
  // A̅ = ½ Σ c (α αᵀ − A⁻¹), b̅ = −c α, with α = A⁻¹b
  vjp: (cotangent, node, wanted) => {
    const solution = apply(solutionOp, node.inputs);
    const alpha = apply(rightOp, [solution]);
    const scaled = mul(alpha, expandDims(cotangent, -2));
    const isVector = columns(alpha) === 1;
    const outer = (): Node => (isVector ? mul : matmul)(scaled, transposeMatrix(alpha));
    const weight = (): Node => expandDims(sum(cotangent, [cotangent.shape.length - 1]), -1);
    const inverse = (): Node => mul(ofIdentity(solution), expandDims(weight(), -1));
    return [
      wanted[0] ? mul(scalar(0.5), sub(outer(), inverse())) : undefined,
      wanted[1] ? neg(scaled) : undefined,
      undefined,
    ];
  },
  jvp: ([ta, tb], node) => {
    const solution = apply(solutionOp, node.inputs);
    const alpha = apply(rightOp, [solution]);
    const terms: Node[] = [];
    if (tb) terms.push(neg(overRows(mul(alpha, tb))));
    if (ta) {
      const change = expandDims(trace(mul(ofIdentity(solution), ta)), -1);
      terms.push(mul(scalar(0.5), sub(overRows(mul(alpha, matmul(ta, alpha))), change)));
    }
    return terms.reduce(add);
  },
  lower: ([, , e]) => densityOf(e!),
  lowering: { kind: "interpret" },
};

/** The log density and the factor it was computed from. */
export interface Gaussian {
  /** −½ (bᵀA⁻¹b + log |A|) for the columns b of B, `[…, m]`. */
  readonly density: Node;
  /** L⁻¹[I | B], NaN where A is not positive definite. */
  readonly factor: Node;
}
/** Symmetric positive definite A `[…, n, n]`, B `[…, n, m]`; leading dimensions must agree. */
export function gaussian(a: Node, b: Node): Gaussian {
  const dtype = a.dtype === "float32" && b.dtype === "float32" ? "float32" : "float64";
  const inputs = [cast(a, dtype), cast(b, dtype)];
  const e = apply(factorOp, inputs);
  return { density: apply(densityOp, [...inputs, e]), factor: e };
}
