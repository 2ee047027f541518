/** Matrix products, the Cholesky factor and triangular solves, batched over leading dimensions. */
import type { KernelCall, Node, NodeType, Op, Shape, TypedArray } from "../compiler/graph.ts";
import { apply, constantNode, scalar } from "../compiler/node.ts";
import { allocate, broadcastShapes, formatShape, sizeOf } from "../compiler/shapes.ts";
import { cholesky as choleskyKernel } from "../wasm/kernels/cholesky.ts";
import type { Kernel } from "../wasm/kernels/kernel.ts";
import { solveLower, solveLowerT } from "../wasm/kernels/triangular.ts";
import { add, arithmeticOps, mul, neg } from "./arithmetic.ts";
import { cast } from "./casts.ts";
import { where } from "./comparison.ts";
import { squareSize } from "./indexing.ts";
import { broadcastTo } from "./map.ts";
import { reshape, reshapeOp, transpose } from "./shape.ts";

/** Exchanges the last two dimensions. */
export const transposeMatrix = (a: Node): Node => {
  const dims = a.shape.map((_, d) => d);
  return transpose(a, [...dims.slice(0, -2), dims.length - 1, dims.length - 2]);
};

/** Integers and truth values as floats. */
const floating = (x: Node): Node => cast(x, x.dtype === "float32" ? "float32" : "float64");

const rows = (shape: Shape): number => shape.at(-2)!;
const columns = (shape: Shape): number => shape.at(-1)!;
const batchOf = (shape: Shape): number => sizeOf(shape.slice(0, -2));

/**
 * A(s·v) = s·(A v) for a single number s, where the product has no more elements than v. The loop over A then waits for
 * nothing that s depends on, and the factor meets others of its kind.
 */
function scaledProduct(inputs: readonly Node[], type: NodeType): Node | undefined {
  for (const [i, scaled] of inputs.entries()) {
    if (sizeOf(scaled.shape) < sizeOf(type.shape)) continue;
    const [factor, array] = factorOf(scaled.op === reshapeOp ? scaled.inputs[0]! : scaled) ?? [];
    if (!factor || !array) continue;
    const plain = reshape(array, scaled.shape);
    return mul(apply(matmulOp, i === 0 ? [plain, inputs[1]!] : [inputs[0]!, plain]), reshape(factor, []));
  }
  return undefined;
}
/** A product or quotient of an array and one number, as that number and the array. */
function factorOf(x: Node): [factor: Node, array: Node] | undefined {
  if (x.op === arithmeticOps.neg) return [scalar(-1, x.dtype), x.inputs[0]!];
  if (x.op !== arithmeticOps.mul) return undefined;
  const i = x.inputs.findIndex((y) => sizeOf(y.shape) === 1);
  const array = x.inputs[1 - i];
  return i < 0 || array!.dtype !== x.dtype || sizeOf(array!.shape) !== sizeOf(x.shape)
    ? undefined
    : [x.inputs[i]!, array!];
}

/** `[…, m, k] · […, k, n]` with equal leading dimensions. */
const matmulOp: Op = {
  name: "matmul",
  infer: ([a, b]) => {
    if (columns(a!.shape) !== rows(b!.shape)) {
      throw new TypeError(
        `matmul: ${formatShape(a!.shape)} · ${formatShape(b!.shape)} does not fit: ${columns(a!.shape)} columns against ${rows(b!.shape)} rows.`,
      );
    }
    return { shape: [...a!.shape.slice(0, -1), columns(b!.shape)], dtype: a!.dtype };
  },
  evaluate: ([a, b], _attrs, output) => {
    const [m, k, n] = [rows(a!.shape), columns(a!.shape), columns(b!.shape)];
    const out = allocate(output.dtype, sizeOf(output.shape));
    const batch = batchOf(output.shape);
    for (let r = 0; r < batch * m; r++) {
      const base = Math.floor(r / m) * k * n;
      for (let c = 0; c < n; c++) {
        let total = 0;
        for (let j = 0; j < k; j++) total += a!.data[r * k + j]! * b!.data[base + j * n + c]!;
        out[r * n + c] = total;
      }
    }
    return out;
  },
  vjp: (cotangent, node, wanted) => {
    const [a, b] = node.inputs as [Node, Node];
    return [
      wanted[0] ? apply(matmulOp, [cotangent, transposeMatrix(b)]) : undefined,
      wanted[1] ? apply(matmulOp, [transposeMatrix(a), cotangent]) : undefined,
    ];
  },
  jvp: ([ta, tb], node) => {
    const [a, b] = node.inputs as [Node, Node];
    const terms = [ta && apply(matmulOp, [ta, b]), tb && apply(matmulOp, [a, tb])].filter((t) => t !== undefined);
    return terms.reduce(add);
  },
  simplify: (inputs, _attrs, type) => scaledProduct(inputs, type),
  lowering: { kind: "matmul" },
};

/** NumPy's matmul: vectors are rows on the left and columns on the right, leading dimensions broadcast. */
export function matmul(a: Node, b: Node): Node {
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new TypeError(
      `matmul: ${formatShape(a.shape)} · ${formatShape(b.shape)}: scalars have no matrix product; use mul.`,
    );
  }
  if (a.shape.length === 1) {
    const product = matmul(reshape(a, [1, ...a.shape]), b);
    return reshape(
      product,
      product.shape.filter((_, d) => d !== product.shape.length - (b.shape.length === 1 ? 1 : 2)),
    );
  }
  if (b.shape.length === 1) {
    const product = matmul(a, reshape(b, [...b.shape, 1]));
    return reshape(product, product.shape.slice(0, -1));
  }
  const dtype = a.dtype === "float32" && b.dtype === "float32" ? "float32" : "float64";
  const lead = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), "matmul");
  // Matrices that all meet the same right-hand side are the rows of one tall matrix.
  if (b.shape.length === 2 && a.shape.length > 2) {
    const tall = matmul(reshape(a, [batchOf(a.shape) * rows(a.shape), columns(a.shape)]), b);
    return reshape(tall, [...a.shape.slice(0, -1), columns(b.shape)]);
  }
  const fit = (x: Node): Node => cast(broadcastTo(x, [...lead, ...x.shape.slice(-2)]), dtype);
  return apply(matmulOp, [fit(a), fit(b)]);
}

/** A constant mask over the last two dimensions. */
function triangle(n: number, weight: (i: number, j: number) => number): Node {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) data[i * n + j] = weight(i, j);
  return constantNode(data, [n, n], "float64");
}
/** The lower triangle, with the diagonal; selected and not multiplied, so that an infinity above leaves zeros. */
export const tril = (a: Node): Node =>
  where(
    cast(
      triangle(squareSize("tril", a.shape), (i, j) => (j <= i ? 1 : 0)),
      "bool",
    ),
    a,
    scalarOf(0, a.dtype),
  );
const scalarOf = (x: number, dtype: Node["dtype"]): Node =>
  dtype === "bool" ? cast(scalar(x), "bool") : scalar(x, dtype);
/** The lower triangle with half of the diagonal: what differentiates a Cholesky factor (Murray 2016, eq. 8). */
const halfTril = (a: Node): Node =>
  mul(
    a,
    triangle(columns(a.shape), (i, j) => (j < i ? 1 : j === i ? 0.5 : 0)),
  );
const symmetric = (a: Node): Node => mul(scalar(0.5), add(a, transposeMatrix(a)));

/** The lower Cholesky factor of the n×n matrix at `start`, to the same place of `out`; false when it is not positive definite. */
export function factor(data: TypedArray, out: TypedArray, start: number, n: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let total = data[start + i * n + j]!;
      for (let k = 0; k < j; k++) total -= out[start + i * n + k]! * out[start + j * n + k]!;
      if (i === j && !(total > 0)) return false;
      out[start + i * n + j] = i === j ? Math.sqrt(total) : total / out[start + j * n + j]!;
    }
  }
  return true;
}

/** Cholesky factor; NaN throughout where a matrix is not positive definite (the border checks and says so). */
const choleskyOp: Op = {
  name: "cholesky",
  infer: ([a]) => {
    squareSize("cholesky", a!.shape);
    return { shape: a!.shape, dtype: a!.dtype };
  },
  evaluate: ([a], _attrs, output) => {
    const n = columns(output.shape);
    const out = allocate(output.dtype, sizeOf(output.shape));
    for (let b = 0; b < batchOf(output.shape); b++) {
      if (!factor(a!.data, out, b * n * n, n)) out.fill(Number.NaN, b * n * n, (b + 1) * n * n);
    }
    return out;
  },
  // Murray (2016), Differentiation of the Cholesky decomposition, eq. 10: A̅ = sym(L⁻ᵀ Φ(LᵀL̅) L⁻¹)
  vjp: (cotangent, node) => {
    const phi = halfTril(apply(matmulOp, [transposeMatrix(node), tril(cotangent)]));
    const left = solveTriangular(node, phi, true);
    return [symmetric(transposeMatrix(solveTriangular(node, transposeMatrix(left), true)))];
  },
  // eq. 8: L̇ = L Φ(L⁻¹ Ȧ L⁻ᵀ)
  jvp: ([t], node) => {
    const left = solveTriangular(node, symmetric(t!), false);
    return apply(matmulOp, [node, halfTril(transposeMatrix(solveTriangular(node, transposeMatrix(left), false)))]);
  },
  lowering: { kind: "kernel", call: (node) => batched(choleskyKernel, node, [columns(node.shape)]) },
};
/** Lower Cholesky factor of symmetric positive definite matrices (the lower triangle is read). */
export const cholesky = (a: Node): Node => apply(choleskyOp, [floating(a)]);

function batched(kernel: Kernel, node: Node, dims: readonly number[]): KernelCall {
  const count = batchOf(node.shape);
  const strides = [...node.inputs, node].map((x) => rows(x.shape) * columns(x.shape));
  return { kernel, dims, ...(count !== 1 && { batch: { count, strides } }) };
}

/** X with L X = B, or Lᵀ X = B; L lower triangular `[…, n, n]`, B `[…, n, m]`. */
const solveOp: Op = {
  name: "solveTriangular",
  infer: ([l, b]) => {
    const n = squareSize("solveTriangular", l!.shape);
    if (rows(b!.shape) !== n) {
      throw new TypeError(
        `solveTriangular: a factor of shape ${formatShape(l!.shape)} and a right-hand side of shape ${formatShape(b!.shape)}: ${n} rows are wanted.`,
      );
    }
    return { shape: b!.shape, dtype: b!.dtype };
  },
  evaluate: ([l, b], attrs, output) => {
    const n = rows(output.shape);
    const m = columns(output.shape);
    const out = allocate(output.dtype, sizeOf(output.shape));
    const transposed = attrs.transpose as boolean;
    for (let batch = 0; batch < batchOf(output.shape); batch++) {
      const at = (i: number, k: number): number => l!.data[batch * n * n + (transposed ? k * n + i : i * n + k)]!;
      const base = batch * n * m;
      for (let c = 0; c < m; c++) {
        for (let step = 0; step < n; step++) {
          const i = transposed ? n - 1 - step : step;
          let total = b!.data[base + i * m + c]!;
          for (let done = 0; done < step; done++) {
            const k = transposed ? n - 1 - done : done;
            total -= at(i, k) * out[base + k * m + c]!;
          }
          out[base + i * m + c] = total / at(i, i);
        }
      }
    }
    return out;
  },
  // X = L⁻¹B: B̅ = L⁻ᵀX̅, L̅ = −tril(B̅ Xᵀ); for the transposed system L̅ = −tril(X B̅ᵀ).
  vjp: (cotangent, node, wanted) => {
    const [l] = node.inputs as [Node, Node];
    const transposed = node.attrs.transpose as boolean;
    const adjoint = solveTriangular(l, cotangent, !transposed);
    const outer = (): Node =>
      apply(matmulOp, transposed ? [node, transposeMatrix(adjoint)] : [adjoint, transposeMatrix(node)]);
    return [wanted[0] ? neg(tril(outer())) : undefined, adjoint];
  },
  jvp: ([tl, tb], node) => {
    const [l] = node.inputs as [Node, Node];
    const transposed = node.attrs.transpose as boolean;
    const push = (t: Node): Node => {
      const low = tril(t);
      return neg(apply(matmulOp, [transposed ? transposeMatrix(low) : low, node]));
    };
    const terms = [tl && push(tl), tb].filter((t) => t !== undefined);
    return solveTriangular(l, terms.reduce(add), transposed);
  },
  lowering: {
    kind: "kernel",
    call: (node) =>
      batched(node.attrs.transpose ? solveLowerT : solveLower, node, [rows(node.shape), columns(node.shape)]),
  },
};
/** Solves with a lower triangular factor, or with its transpose; leading dimensions must agree. */
export const solveTriangular = (l: Node, b: Node, transposed: boolean): Node =>
  apply(solveOp, [floating(l), floating(b)], { transpose: transposed });
