import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/grad.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { arange, eye, full, linspace, ones, tensor, zeros } from "../../src/tensor/create.ts";
import * as linalg from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import * as reduce from "../../src/tensor/reduce.ts";
import * as shape from "../../src/tensor/shape.ts";
import { asTensor, fromData, hasValue, isTensor, shapeOf, wrap } from "../../src/tensor/tensor.ts";
import { flattenTree, unflattenTree } from "../../src/tensor/tree.ts";

describe("making tensors", () => {
  test("of numbers, nested arrays, truth values and typed arrays", () => {
    expect(tensor(3)).toMatchObject({ shape: [], dtype: "float64", rank: 0, size: 1 });
    expect(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).toMatchObject({ shape: [2, 3], dtype: "float64", size: 6 });
    expect(tensor([true, false])).toMatchObject({ shape: [2], dtype: "bool" });
    expect(tensor([true, 2]).toArray()).toEqual([1, 2]);
    expect(tensor(new Float32Array([1, 2]))).toMatchObject({ shape: [2], dtype: "float32" });
    expect(tensor(new Int32Array([1, 2]))).toMatchObject({ shape: [2], dtype: "int32" });
    expect(tensor([new Float64Array([1, 2]), new Float64Array([3, 4])] as never).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(new Int16Array([1, -2]) as never)).toMatchObject({ dtype: "float64" });
    expect(tensor(new Uint8Array([0, 1])).toArray()).toEqual([false, true]);
    expect(tensor(new Uint8Array([0, 255])).toArray()).toEqual([0, 255]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });
  test("of tensors among numbers", () => {
    expect(asTensor([tensor(1), 2] as never).toArray()).toEqual([1, 2]);
    expect(
      asTensor([
        [tensor(1), 2],
        [3, tensor(4)],
      ] as never).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(asTensor([tensor([1, 2]), [3, 4]] as never).shape).toEqual([2, 2]);
  });
  test("with a dtype", () => {
    expect(tensor([1.7, -1.7], { dtype: "int32" }).toArray()).toEqual([1, -1]);
    expect(tensor([0, 2], { dtype: "bool" }).toArray()).toEqual([false, true]);
    expect(tensor([true, false], { dtype: "float64" }).toArray()).toEqual([1, 0]);
    expect(tensor([0.1], { dtype: "float32" }).item()).toBe(Math.fround(0.1));
  });
  test("filled and counted", () => {
    expect(zeros([2, 1]).toArray()).toEqual([[0], [0]]);
    expect(ones([2], { dtype: "int32" })).toMatchObject({ dtype: "int32" });
    expect(full([], 7).item()).toBe(7);
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(arange(3).toArray()).toEqual([0, 1, 2]);
    expect(arange(1, 2, 0.25).toArray()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(arange(3, 0, -1).toArray()).toEqual([3, 2, 1]);
    expect(arange(3, 0).toArray()).toEqual([]);
    expect(linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(linspace(2, 9, 1).toArray()).toEqual([2]);
    expect(linspace(0, 0.3, 4).toArray()).toEqual([0, expect.closeTo(0.1, 15), expect.closeTo(0.2, 15), 0.3]);
  });
});

describe("reading tensors", () => {
  test("back to arrays, numbers and JSON", () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(3).toArray()).toBe(3);
    expect(tensor(true).toArray()).toBe(true);
    expect(tensor([[], []]).toArray()).toEqual([[], []]);
    expect(JSON.stringify({ x: tensor([1, 2]) })).toBe('{"x":[1,2]}');
    expect(tensor([[5]]).item()).toBe(5);
  });
  test("as numbers in comparisons and arithmetic", () => {
    expect((tensor(3) as unknown as number) > 2).toBe(true);
    expect(+(tensor(3) as unknown as number) + 1).toBe(4);
  });
  test("what is a tensor, and whether it has a value", () => {
    expect([isTensor(tensor(1)), isTensor(1), isTensor(undefined)]).toEqual([true, false, false]);
    expect(hasValue(tensor(1))).toBe(true);
    expect(hasValue(wrap(inputNode([], "float64", "x")))).toBe(false);
    expect(hasValue(wrap(inputNode([], "float64", "x", Float64Array.of(1))).exp())).toBe(true);
    expect(shapeOf([[1, 2]])).toEqual([1, 2]);
  });
});

describe("dtypes", () => {
  test("a bare number takes the dtype of the tensor beside it where that loses nothing", () => {
    expect(tensor(new Float32Array([1])).add(0.1).dtype).toBe("float32");
    expect(tensor(new Int32Array([1])).add(2).dtype).toBe("int32");
    expect(
      tensor(new Int32Array([1]))
        .add(0.5)
        .toArray(),
    ).toEqual([1.5]);
  });
  test("arithmetic keeps the widest, truth values count as integers", () => {
    expect(tensor([true, false]).add([true, true]).toArray()).toEqual([2, 1]);
    expect(tensor([true, true]).add([true, true]).dtype).toBe("int32");
    expect(tensor(new Int32Array([3])).add(new Float32Array([0.5]))).toMatchObject({ dtype: "float32" });
    expect(reduce.sum([true, false, true]).item()).toBe(2);
    expect(reduce.mean([true, false, true, true]).item()).toBe(0.75);
  });
  test("functions of a real argument and quotients give floats", () => {
    expect(math.exp(new Int32Array([0])).dtype).toBe("float64");
    expect(
      tensor(new Int32Array([1]))
        .div(new Int32Array([2]))
        .toArray(),
    ).toEqual([0.5]);
  });
  test("joining keeps the widest", () => {
    expect(shape.concat([new Int32Array([1]), [2.5]]).toArray()).toEqual([1, 2.5]);
    expect(shape.stack([tensor(true), tensor(2)]).toArray()).toEqual([1, 2]);
  });
  test("linear algebra of integers is done in floats", () => {
    const a = shape.reshape(new Int32Array([4, 2, 2, 3]), [2, 2]);
    expect(linalg.cholesky(a).toArray()).toEqual([
      [2, 0],
      [1, Math.SQRT2],
    ]);
    expect(linalg.matmul(a, new Int32Array([1, 1])).toArray()).toEqual([6, 5]);
    expect(
      linalg
        .solveTriangular(
          [
            [2, 0],
            [0, 4],
          ],
          new Int32Array([1, 1]),
        )
        .toArray(),
    ).toEqual([0.5, 0.25]);
  });
});

describe("ends of reductions", () => {
  test("of nothing", () => {
    expect(reduce.sum([]).item()).toBe(0);
    expect(reduce.prod([]).item()).toBe(1);
    expect(reduce.max([]).item()).toBe(-Infinity);
    expect(reduce.mean([]).item()).toBeNaN();
    expect(reduce.logsumexp([]).item()).toBe(-Infinity);
    expect(reduce.all([]).toArray()).toBe(true);
    expect(reduce.all([]).item()).toBe(1);
    expect(reduce.any([]).item()).toBe(0);
    expect(reduce.sum([[], []], 1).toArray()).toEqual([0, 0]);
  });
  test("infinities and NaN", () => {
    expect(reduce.logsumexp([-Infinity, -Infinity]).item()).toBe(-Infinity);
    expect(reduce.logsumexp([1, Infinity]).item()).toBe(Infinity);
    expect(reduce.logsumexp([1000, 1000]).item()).toBeCloseTo(1000 + Math.LN2, 12);
    const slope = (x: number[]): unknown => grad((y) => reduce.logsumexp(y))(tensor(x)).toArray();
    expect(slope([-Infinity, -Infinity])).toEqual([0, 0]);
    expect(slope([-Infinity, 3])).toEqual([0, 1]);
    expect(slope([0, 0])).toEqual([0.5, 0.5]);
    expect(slope([Number.NaN, 0])).toEqual([Number.NaN, Number.NaN]);
    expect(reduce.max([1, Number.NaN, 2]).item()).toBeNaN();
    expect(reduce.min([Number.NaN, 2]).item()).toBeNaN();
  });
  test("the mean of equal numbers is that number", () => {
    for (const n of [3, 7, 49, 107]) expect(reduce.mean(full([n], 1)).item()).toBe(1);
  });
  test("variance, with ddof", () => {
    expect(reduce.variance([1, 2, 3, 4]).item()).toBe(1.25);
    expect(
      reduce
        .variance(
          [
            [1, 2],
            [3, 6],
          ],
          0,
          { ddof: 1 },
        )
        .toArray(),
    ).toEqual([2, 8]);
  });
  test("the triangle of a matrix with an infinity above", () => {
    expect(
      linalg
        .tril([
          [1, Infinity],
          [2, 3],
        ])
        .toArray(),
    ).toEqual([
      [1, 0],
      [2, 3],
    ]);
  });
});

describe("trees", () => {
  test("are flattened in order and put back", () => {
    const tree = { b: [tensor(1), { c: [2, 3] }], a: 4 };
    const { leaves, structure } = flattenTree(tree);
    expect(leaves.map((x) => x.toArray())).toEqual([1, [2, 3], 4]);
    const back = unflattenTree(structure, leaves) as { b: [unknown, { c: { shape: number[] } }]; a: unknown };
    expect(Object.keys(back)).toEqual(["b", "a"]);
    expect(back.b[1].c.shape).toEqual([2]);
  });
  test("empty branches stay", () => {
    const { leaves, structure } = flattenTree({ a: {}, b: [] });
    expect(leaves).toEqual([]);
    expect(unflattenTree(structure, [])).toEqual({ a: {}, b: [] });
  });
});

describe("errors say what is wrong and what to do", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  test.each<[string, () => unknown, RegExp]>([
    ["ragged lengths", () => tensor([[1, 2], [3]]), /Ragged array: length 1 at \[1\], 2 elsewhere in dimension 1/],
    ["a number among arrays", () => tensor([[1, 2], 3]), /Ragged array: a number at \[1\] where others have arrays/],
    ["an array among numbers", () => tensor([1, [2]]), /Ragged array: an array at \[1\] where others have numbers/],
    ["strings", () => tensor("1" as never), /A tensor was expected, got the string "1"/],
    [
      "strings inside",
      () => tensor([1, "2"] as never),
      /A tensor holds numbers or booleans, got the string "2" at \[1\]/,
    ],
    ["holes", () => tensor([1, undefined] as never), /A tensor holds numbers or booleans, got undefined at \[1\]/],
    ["a missing field", () => math.exp(undefined as never), /got undefined.*Is a field missing from the data/],
    ["objects", () => math.exp({ mu: 1 } as never), /got an object with keys mu/],
    ["functions", () => math.exp((() => 1) as never), /got a function/],
    [
      "data that do not fill the shape",
      () => fromData(new Float64Array(3), [2, 2]),
      /3 numbers do not fill shape \[2, 2\], which has 4 elements/,
    ],
    [
      "item of many",
      () => x.item(),
      /item: a tensor of shape \[2, 3\] has 6 elements; reduce it first, or use toArray\(\)/,
    ],
    [
      "broadcasting",
      () => x.add([1, 2]),
      /add: shapes \[2, 3\] and \[2\] do not broadcast: dimension -1 is 3 against 2.*expandDims/,
    ],
    ["broadcasting in where", () => math.where([true, false], x, 0), /where: .*do not broadcast/],
    [
      "stretching",
      () => shape.broadcastTo(x, [3]),
      /broadcastTo: a tensor of shape \[2, 3\] cannot be stretched to \[3\]/,
    ],
    [
      "connectives of numbers",
      () => math.logicalAnd(x, x),
      /logicalAnd: argument 0 is float64, not bool; compare it first, for example notEqual\(x, 0\)/,
    ],
    ["an axis", () => x.sum(2), /sum: axis 2 is outside a tensor of rank 2; use -2 … 1/],
    ["an axis of a scalar", () => reduce.max(3, 0), /max: axis 0 is outside a tensor of rank 0; use no axis/],
    ["a fractional axis", () => reduce.cumsum(x, 0.5), /cumsum: axis 0\.5 is outside/],
    [
      "reshape",
      () => x.reshape([4]),
      /reshape: a tensor of shape \[2, 3\] has 6 elements, \[4\] wants 4; one dimension may be -1/,
    ],
    ["reshape, indivisible", () => x.reshape([4, -1]), /reshape: a tensor of shape \[2, 3\] has 6 elements, \[4, -1\]/],
    ["reshape, two holes", () => x.reshape([-1, -1]), /reshape: .*one dimension may be -1/],
    ["transpose", () => x.transpose([0, 0]), /transpose: \[0,0\] is not a permutation of the 2 dimensions of \[2, 3\]/],
    ["transpose, an axis", () => x.transpose([0, 2]), /transpose: axis 2 is outside/],
    ["slice, too many", () => x.slice([0, 0, 0], []), /slice: 3 ranges for a tensor of shape \[2, 3\]; give at most 2/],
    ["slice, a step", () => x.slice([0], [2], [0]), /slice: step 0 of dimension 0 must be a non-zero integer/],
    ["slice, fractions", () => x.slice([0.5], [2]), /slice: position 0\.5 of dimension 0 must be an integer/],
    ["slice, NaN", () => x.slice([0], [Number.NaN]), /slice: position NaN of dimension 0 must be an integer/],
    ["diag", () => linalg.diag(3), /diag: a scalar fills no diagonal; give a vector/],
    ["at", () => x.at(2), /at: index 2 is outside the first dimension of shape \[2, 3\]/],
    ["at of a scalar", () => tensor(1).at(0), /at: index 0 is outside/],
    ["squeeze", () => shape.squeeze(x, 0), /squeeze: dimension 0 of shape \[2, 3\] is not 1/],
    ["expandDims", () => x.expandDims(4), /expandDims: axis 4 is outside/],
    ["pad", () => shape.pad(x, [[1, 1]]), /pad: widths \[\[1,1\]\] do not fit shape \[2, 3\]/],
    ["pad, negative", () => shape.pad([1], [[-1, 0]]), /numbers ≥ 0/],
    [
      "concat",
      () => shape.concat([x, [[1, 2]]], 0),
      /concat: tensor 1 has shape \[1, 2\], the first \[2, 3\]; all dimensions but axis 0 must agree/,
    ],
    ["concat of nothing", () => shape.concat([]), /concat: needs at least one tensor/],
    ["concat of scalars", () => shape.concat([1, 2]), /concat: scalars have no axis to join along; use stack/],
    ["stack", () => shape.stack([[1], [1, 2]]), /stack: tensor 1 has shape \[2\], the first \[1\]; all must agree/],
    [
      "take, outside",
      () => shape.take([1, 2], [0, 2]),
      /take: index 2 at position 1 is outside 0 … 1; indices are zero-based/,
    ],
    ["take, negative", () => shape.take([1, 2], [-1]), /take: index -1 at position 0 is outside/],
    ["take, fractions", () => shape.take([1, 2], [0.5]), /take: index 0\.5 at position 0 is not an integer/],
    [
      "scatterAdd, fractions",
      () => shape.scatterAdd([0.5], [1], 2),
      /scatterAdd: index 0\.5 at position 0 is not an integer/,
    ],
    ["take of a scalar", () => shape.take(1, [0]), /take: a scalar has no axis to take from/],
    ["scatterAdd, outside", () => shape.scatterAdd([3], [1], 3), /scatterAdd: index 3 at position 0 is outside 0 … 2/],
    [
      "scatterAdd, outside, traced",
      () => shape.scatterAdd([3], wrap(inputNode([1], "float64", "x")), 3),
      /scatterAdd: index 3 at position 0 is outside 0 … 2/,
    ],
    [
      "scatterAdd, shapes",
      () => shape.scatterAdd([0, 1], [1], 3),
      /scatterAdd: updates of shape \[1\] must begin with the shape \[2\] of the indices/,
    ],
    ["matmul", () => linalg.matmul(x, x), /matmul: \[2, 3\] · \[2, 3\] does not fit: 3 columns against 2 rows/],
    ["matmul of scalars", () => linalg.matmul(x, 2), /scalars have no matrix product; use mul/],
    [
      "dot",
      () => linalg.dot([1, 2], [1]),
      /dot: needs two vectors of one length, got \[2\] and \[1\]; use matmul for matrices/,
    ],
    ["cholesky, square", () => linalg.cholesky(x), /cholesky: needs square matrices, got shape \[2, 3\]/],
    [
      "cholesky, definite",
      () =>
        linalg.cholesky([
          [1, 2],
          [2, 1],
        ]),
      /cholesky: the matrix of shape \[2, 2\] is not positive definite.*jitter/,
    ],
    ["logdet, definite", () => linalg.logdet([[-1]]), /not positive definite/],
    [
      "solveTriangular",
      () =>
        linalg.solveTriangular(
          [
            [1, 0],
            [0, 1],
          ],
          [1, 2, 3],
        ),
      /solveTriangular: a factor of shape \[2, 2\] and a right-hand side of shape \[3, 1\]: 2 rows are wanted/,
    ],
    ["tril", () => linalg.tril(x), /tril: needs square matrices/],
    ["arange", () => arange(0, 1, 0), /arange: step 0 must be finite and not 0/],
    ["linspace", () => linspace(0, 1, 0), /linspace: 0 points; ask for 1 or more/],
  ])("%s", (_name, f, message) => {
    expect(f).toThrow(message);
  });
});
