/**
 * The table of operations that the tests of records run over. Each line says how an operation is applied to random
 * arguments and what it gives, written as a plain loop; the tests compare engines, modes of derivatives and finite differences.
 */
import fc from "fast-check";
import { MultivariateNormal } from "../../distributions/index.ts";
import * as linalg from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import * as reduce from "../../src/tensor/reduce.ts";
import * as shape from "../../src/tensor/shape.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import * as numbers from "../../src/wasm/numberFunctions.ts";
import { type Argument, broadcasting, type Domain, draw, fullShapes, seeds, shapes } from "./draw.ts";
import { at, type Grid, sizeOf, tabulate } from "./grid.ts";

/** One application of an operation. */
export interface Example {
  readonly inputs: readonly Argument[];
  readonly apply: (...x: Tensor[]) => Tensor;
  readonly expected: (...x: Grid[]) => Grid;
}

export interface OperationRecord {
  readonly name: string;
  readonly examples: fc.Arbitrary<Example>;
  /** Compiled and interpreted values have the same bits; otherwise a sum may be ordered differently. */
  readonly exact: boolean;
  /** Applied eagerly, the values have the bits of the plain loop, also at special values. */
  readonly known: "bits" | "close";
  /** How many times the operation is differentiated against finite differences. */
  readonly order: 0 | 1 | 2;
  /** Special values may be put among the arguments. */
  readonly specials: boolean;
  /** What an error is measured by: the operation applied to absolute values (sums), or the size of the result. */
  readonly scale: "absolute" | "result";
}

type Options = Partial<Omit<OperationRecord, "name" | "examples">>;
const record = (name: string, examples: fc.Arbitrary<Example>, options: Options = {}): OperationRecord => ({
  name,
  examples,
  exact: true,
  known: "bits",
  order: 2,
  specials: true,
  scale: "result",
  ...options,
});

type Tensors = (...x: Tensor[]) => Tensor;
type Numbers = (...x: number[]) => number;

/** An elementwise operation over broadcast arguments. */
function elementwise(
  name: string,
  apply: Tensors,
  f: Numbers,
  domains: readonly Domain[],
  options: Options = {},
): OperationRecord {
  const examples = broadcasting(domains.length).map(
    (inputShapes): Example => ({
      inputs: inputShapes.map((s, i) => ({ shape: s, domain: domains[i]! })),
      apply,
      expected: (...x) => tabulate(together(inputShapes), (index) => f(...x.map((g) => at(g, index)))),
    }),
  );
  return record(name, examples, options);
}
function together(all: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...all.map((s) => s.length));
  return Array.from({ length: rank }, (_, d) =>
    all.map((s) => s[d - rank + s.length] ?? 1).reduce((m, n) => (m === 1 ? n : m)),
  );
}
const close: Options = { known: "close" };
const flat: Options = { order: 0 };
const functions = { ...math };
const unary = (
  name: keyof typeof functions,
  f: Numbers,
  domain: Domain = [-3, 3],
  options: Options = {},
): OperationRecord => elementwise(name, functions[name] as Tensors, f, [domain], options);
const binary = (
  name: keyof typeof functions,
  f: Numbers,
  domains: readonly [Domain, Domain] = [
    [-3, 3],
    [-3, 3],
  ],
  options: Options = {},
): OperationRecord => elementwise(name, functions[name] as Tensors, f, domains, options);

const truth = (x: boolean): number => (x ? 1 : 0);
const roundToEven = (x: number): number => {
  const low = Math.floor(x);
  const up = x - low > 0.5 || (x - low === 0.5 && low % 2 !== 0);
  return x === low ? x : up ? (low + 1 === 0 ? -0 : low + 1) : low === 0 && Object.is(Math.sign(x), -0) ? -0 : low;
};
// Of two zeros the first is taken, which Math.max would not do.
const largest = (a: number, b: number): number => (Number.isNaN(b) || b > a ? b : a);
const smallest = (a: number, b: number): number => (Number.isNaN(b) || b < a ? b : a);

const elementwiseRecords: readonly OperationRecord[] = [
  unary("neg", (x) => -x),
  unary("abs", Math.abs, "awayFromZero"),
  unary("sign", (x) => (x > 0 ? 1 : x < 0 ? -1 : x), "awayFromZero"),
  unary("sqrt", Math.sqrt, [0.3, 4]),
  unary("square", (x) => x * x),
  unary("reciprocal", (x) => 1 / x, "awayFromZero"),
  unary("floor", Math.floor, "fractional"),
  unary("ceil", Math.ceil, "fractional"),
  unary("round", roundToEven, "fractional"),
  unary("exp", Math.exp, [-3, 3], close),
  unary("expm1", Math.expm1, [-3, 3], close),
  unary("log", Math.log, [0.3, 5], close),
  unary("log1p", Math.log1p, [-0.7, 5], close),
  unary("sin", Math.sin, [-6, 6], close),
  unary("cos", Math.cos, [-6, 6], close),
  unary("atan", Math.atan, [-3, 3], close),
  unary("tanh", Math.tanh, [-3, 3], close),
  unary("sigmoid", (x) => 1 / (1 + Math.exp(-x)), [-5, 5], close),
  unary("softplus", (x) => Math.log1p(Math.exp(x)), [-5, 5], close),
  unary("logSigmoid", (x) => -Math.log1p(Math.exp(-x)), [-5, 5], close),
  unary("log1mexp", (x) => Math.log(-Math.expm1(x)), [-4, -0.3], close),
  unary("lgamma", numbers.lgamma, [0.3, 6]),
  unary("digamma", numbers.digamma, [0.3, 6], { order: 1 }),
  unary("erf", numbers.erf),
  unary("erfc", numbers.erfc),
  unary("normalCdf", numbers.normalCdf),
  unary("logNormalCdf", numbers.logNormalCdf, [-5, 3]),
  unary("normalQuantile", numbers.normalQuantile, [0.15, 0.85]),
  unary("isNaN", (x) => truth(Number.isNaN(x)), [-3, 3], flat),
  unary("isFinite", (x) => truth(Math.abs(x) < Infinity), [-3, 3], flat),
  unary("logicalNot", (x) => 1 - x, "truth", flat),
  unary("stopGradient", (x) => x, [-3, 3], flat),
  elementwise(
    "cast to bool",
    (x) => math.cast(x!, "bool"),
    (x) => truth(x !== 0),
    ["few"],
    flat,
  ),
  elementwise(
    "cast from bool",
    (x) => math.cast(x!, "float64"),
    (x) => x!,
    ["truth"],
    flat,
  ),
  elementwise(
    "cast to int32",
    (x) => math.cast(x!, "int32"),
    (x) => Math.trunc(x!) + 0,
    [[-9, 9]],
    { ...flat, specials: false },
  ),

  binary("add", (a, b) => a! + b!),
  binary("sub", (a, b) => a! - b!),
  binary("mul", (a, b) => a! * b!),
  binary("div", (a, b) => a! / b!, [[-3, 3], "awayFromZero"]),
  binary(
    "pow",
    (a, b) => a! ** b!,
    [
      [0.4, 2.5],
      [-2, 2],
    ],
    close,
  ),
  binary("maximum", largest, ["distinct", "distinct"]),
  binary("minimum", smallest, ["distinct", "distinct"]),
  binary("logaddexp", (a, b) => Math.log(Math.exp(a!) + Math.exp(b!)), undefined, close),
  binary("xlogy", (a, b) => (a === 0 ? 0 : a! * Math.log(b!)), ["awayFromZero", [0.3, 4]], close),
  binary("xlog1py", (a, b) => (a === 0 ? 0 : a! * Math.log1p(b!)), ["awayFromZero", [-0.6, 4]], close),
  binary("equal", (a, b) => truth(a === b), ["few", "few"], flat),
  binary("notEqual", (a, b) => truth(a !== b), ["few", "few"], flat),
  binary("less", (a, b) => truth(a! < b!), ["few", "few"], flat),
  binary("lessEqual", (a, b) => truth(a! <= b!), ["few", "few"], flat),
  binary("greater", (a, b) => truth(a! > b!), ["few", "few"], flat),
  binary("greaterEqual", (a, b) => truth(a! >= b!), ["few", "few"], flat),
  binary("logicalAnd", (a, b) => a! * b!, ["truth", "truth"], flat),
  binary("logicalOr", (a, b) => Math.max(a!, b!), ["truth", "truth"], flat),
  elementwise(
    "where",
    (c, a, b) => math.where(c!, a!, b!),
    (c, a, b) => (c ? a! : b!),
    ["truth", [-3, 3], [-3, 3]],
  ),
  elementwise(
    "where of truths",
    (c, a, b) => math.where(c!, a!, b!),
    (c, a, b) => (c ? a! : b!),
    ["truth", "truth", "truth"],
    flat,
  ),
  elementwise(
    "clip",
    (x, a, b) => math.clip(x!, a!, b!),
    (x, a, b) => smallest(largest(x!, a!), b!),
    ["distinct", "distinct", "distinct"],
  ),
  elementwise(
    "truth in arithmetic",
    (c, x) => math.mul(c!, x!),
    (c, x) => c! * x!,
    ["truth", [-3, 3]],
  ),
  elementwise(
    "square of a shared factor",
    (a, b) => a!.mul(b!).mul(a!.mul(b!)),
    (a, b) => (a! * b!) ** 2,
    [
      [-3, 3],
      [-3, 3],
    ],
    close,
  ),
  elementwise(
    "constants among variables",
    (x) => x!.mul(2).add(1).div(4).sub(0).mul(1).neg().neg(),
    (x) => (2 * x! + 1) / 4,
    [[-3, 3]],
  ),
];

/** A reduction over random axes, kept or dropped; `f` reduces a list. */
function reduction(
  name: string,
  apply: (x: TensorLike, axis?: number | readonly number[], options?: { keepDims?: boolean }) => Tensor,
  f: (xs: number[]) => number,
  domain: Domain,
  options: Options = {},
  sides: fc.Arbitrary<number[]> = shapes(),
): OperationRecord {
  const examples = fc.tuple(sides, fc.nat(15), fc.boolean()).map(([s, mask, keepDims]): Example => {
    const some = s.flatMap((_, d) => ((mask >> d) & 1 ? [d] : []));
    const axes = (mask & 8) === 0 ? undefined : some;
    const reduced = axes ?? s.map((_, d) => d);
    const kept = s.map((n, d) => (reduced.includes(d) ? 1 : n));
    const out = keepDims ? kept : kept.filter((_, d) => !reduced.includes(d));
    return {
      inputs: [{ shape: s, domain }],
      apply: (x) => apply(x!, axes?.length === 1 ? axes[0]! - s.length : axes, { keepDims }),
      expected: (x) => {
        const groups = new Map<string, number[]>();
        const key = (index: readonly number[]): string => `${index.map((i, d) => (reduced.includes(d) ? 0 : i))}`;
        tabulate(s, (index) => {
          groups.set(key(index), [...(groups.get(key(index)) ?? []), at(x!, index)]);
          return 0;
        });
        return { shape: out, data: tabulate(kept, (index) => f(groups.get(key(index)) ?? [])).data };
      },
    };
  });
  return record(name, examples, { exact: false, known: "close", ...options });
}
const total = (xs: number[]): number => xs.reduce((a, b) => a + b, 0);
const average = (xs: number[]): number => total(xs) / xs.length;
const summed: Options = { scale: "absolute" };

/** A permutation of 0 … n − 1 from a number. */
function permutation(n: number, seed: number): number[] {
  const order = draw({ shape: [n], domain: "distinct" }, seed + 1);
  return Array.from(order, (_, i) => i).sort((i, j) => order[i]! - order[j]!);
}

const reductionRecords: readonly OperationRecord[] = [
  reduction("sum", reduce.sum, total, [-3, 3], summed),
  reduction("mean", reduce.mean, average, [-3, 3], summed),
  reduction(
    "prod",
    reduce.prod,
    (xs) => xs.reduce((a, b) => a * b, 1),
    "awayFromZero",
    { specials: false },
    shapes(0, 2).filter((s) => sizeOf(s) <= 30),
  ),
  reduction("max", reduce.max, (xs) => xs.reduce(largest, -Infinity), "distinct"),
  reduction("min", reduce.min, (xs) => xs.reduce(smallest, Infinity), "distinct"),
  reduction("any", reduce.any, (xs) => truth(xs.some((x) => x !== 0)), "few", flat),
  reduction("all", reduce.all, (xs) => truth(xs.every((x) => x !== 0)), "few", flat),
  reduction("sum of truths", reduce.sum, total, "truth", flat),
  reduction(
    "logsumexp",
    reduce.logsumexp,
    (xs) => {
      const m = xs.reduce(largest, -Infinity);
      return Math.abs(m) === Infinity ? m : m + Math.log(total(xs.map((x) => Math.exp(x - m))));
    },
    [-3, 3],
  ),
  reduction("variance", reduce.variance, (xs) => average(xs.map((x) => (x - average(xs)) ** 2)), [-3, 3], {
    specials: false,
  }),
  record(
    "cumsum",
    fc.tuple(shapes(1), fc.nat()).map(([s, d]): Example => {
      const axis = d % s.length;
      return {
        inputs: [{ shape: s, domain: [-3, 3] }],
        apply: (x) => reduce.cumsum(x!, axis - (d % 2) * s.length),
        expected: (x) =>
          tabulate(s, (index) =>
            total(Array.from({ length: index[axis]! + 1 }, (_, i) => at(x!, index.with(axis, i)))),
          ),
      };
    }),
    { exact: false, known: "close", scale: "absolute" },
  ),
];

/** An operation that moves numbers: the example says from where each element of the result comes (undefined: 0). */
function moving<T>(
  name: string,
  from: fc.Arbitrary<T>,
  make: (drawn: T) => {
    inputs: number[][];
    apply: Tensors;
    shape: number[];
    source: (index: number[]) => readonly [input: number, index: number[]] | undefined;
  },
  options: Options = {},
): OperationRecord {
  return record(
    name,
    from.map((drawn): Example => {
      const { inputs, apply, shape: out, source } = make(drawn);
      return {
        inputs: inputs.map((s) => ({ shape: s, domain: [-3, 3] })),
        apply,
        expected: (...x) =>
          tabulate(out, (index) => {
            const found = source(index);
            return found ? at(x[found[0]]!, found[1]) : 0;
          }),
      };
    }),
    options,
  );
}
const offsetOf = (s: readonly number[], index: readonly number[]): number =>
  index.reduce((o, i, d) => o * s[d]! + i, 0);
const indexAt = (s: readonly number[], offset: number): number[] => {
  const index: number[] = [];
  for (const n of s.toReversed()) {
    index.unshift(offset % n);
    offset = Math.floor(offset / n);
  }
  return index;
};
const wholeNumbers = fc.nat(1e6);

const movingRecords: readonly OperationRecord[] = [
  moving("reshape", fc.tuple(shapes(), wholeNumbers), ([s, k]) => {
    const perm = permutation(s.length, k).map((d) => s[d]!);
    const forms = [[sizeOf(s)], perm, [...perm, 1], [1, ...s], s.length > 1 ? [s[0]! * s[1]!, ...s.slice(2)] : s];
    const out = forms[k % forms.length]!;
    const hole = sizeOf(s) > 0 && out.length > 0 && k % 2 ? k % out.length : -1;
    return {
      inputs: [s],
      apply: (x) =>
        shape.reshape(
          x!,
          out.map((n, d) => (d === hole ? -1 : n)),
        ),
      shape: out,
      source: (index) => [0, indexAt(s, offsetOf(out, index))],
    };
  }),
  moving("transpose", fc.tuple(shapes(), wholeNumbers), ([s, k]) => {
    const perm = k % 3 === 0 ? s.map((_, d) => s.length - 1 - d) : permutation(s.length, k);
    return {
      inputs: [s],
      apply: (x) => shape.transpose(x!, k % 3 === 0 ? undefined : perm),
      shape: perm.map((d) => s[d]!),
      source: (index) => [0, s.map((_, d) => index[perm.indexOf(d)]!)],
    };
  }),
  moving(
    "broadcastTo",
    broadcasting(1).chain((s) => fc.tuple(fc.constant(s[0]!), shapes(0, 1), wholeNumbers)),
    ([s, lead, k]) => {
      const out = [...lead, ...s.map((n, d) => (n === 1 && (k >> d) % 2 ? 2 + (k % 3) : n))];
      return { inputs: [s], apply: (x) => shape.broadcastTo(x!, out), shape: out, source: (index) => [0, index] };
    },
  ),
  moving(
    "slice",
    fc.tuple(
      shapes(1),
      fc.array(
        fc.tuple(
          fc.integer({ min: -12, max: 12 }),
          fc.integer({ min: -12, max: 12 }),
          fc.constantFrom(1, 1, 2, 3, -1, -2),
        ),
        { minLength: 3, maxLength: 3 },
      ),
    ),
    ([s, ranges]) => {
      // The positions that Python's range(*slice(start, stop, step).indices(n)) gives.
      const picked = s.map((n, d) => {
        const [start, stop, step] = ranges[d]!;
        const wrap = (i: number): number => (i < 0 ? i + n : i);
        const hold = (i: number): number => (step > 0 ? Math.min(Math.max(i, 0), n) : Math.min(Math.max(i, -1), n - 1));
        const out: number[] = [];
        const [from, to] = [hold(wrap(start)), hold(wrap(stop))];
        for (let i = from; step > 0 ? i < to : i > to; i += step) out.push(i);
        return out;
      });
      return {
        inputs: [s],
        apply: (x) =>
          shape.slice(
            x!,
            s.map((_, d) => ranges[d]![0]),
            s.map((_, d) => ranges[d]![1]),
            s.map((_, d) => ranges[d]![2]),
          ),
        shape: picked.map((p) => p.length),
        source: (index) => [0, index.map((i, d) => picked[d]![i]!)],
      };
    },
  ),
  moving("flip", fc.tuple(shapes(1), wholeNumbers), ([s, k]) => {
    const axis = k % s.length;
    return {
      inputs: [s],
      apply: (x) => shape.flip(x!, k % 2 ? axis : axis - s.length),
      shape: s,
      source: (index) => [0, index.map((i, d) => (d === axis ? s[d]! - 1 - i : i))],
    };
  }),
  moving("expandDims", fc.tuple(shapes(0, 2), wholeNumbers), ([s, k]) => {
    const axis = k % (s.length + 1);
    return {
      inputs: [s],
      apply: (x) => shape.expandDims(x!, axis),
      shape: s.toSpliced(axis, 0, 1),
      source: (index) => [0, index.toSpliced(axis, 1)],
    };
  }),
  moving("squeeze", shapes(), (s) => {
    const kept = s.flatMap((n, d) => (n === 1 ? [] : [d]));
    return {
      inputs: [s],
      apply: (x) => shape.squeeze(x!),
      shape: kept.map((d) => s[d]!),
      source: (index) => [0, s.map((_, d) => (kept.includes(d) ? index[kept.indexOf(d)]! : 0))],
    };
  }),
  moving("at", fc.tuple(fullShapes(1), wholeNumbers), ([s, k]) => {
    const i = k % s[0]!;
    return {
      inputs: [s],
      apply: (x) => shape.at(x!, k % 2 ? i : i - s[0]!),
      shape: s.slice(1),
      source: (index) => [0, [i, ...index]],
    };
  }),
  moving(
    "pad",
    fc.tuple(shapes(1), fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 3, maxLength: 3 })),
    ([s, all]) => {
      const widths = all.slice(0, s.length);
      return {
        inputs: [s],
        apply: (x) => shape.pad(x!, widths),
        shape: s.map((n, d) => n + widths[d]![0] + widths[d]![1]),
        source: (index) => {
          const inner = index.map((i, d) => i - widths[d]![0]);
          return inner.every((i, d) => i >= 0 && i < s[d]!) ? [0, inner] : undefined;
        },
      };
    },
  ),
  moving(
    "concat",
    fc.tuple(fullShapes(1), wholeNumbers, fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })),
    ([s, k, lengths]) => {
      const axis = k % s.length;
      const starts = lengths.map((_, i) => total(lengths.slice(0, i)));
      return {
        inputs: lengths.map((n) => s.with(axis, n)),
        apply: (...x) => shape.concat(x, axis),
        shape: s.with(axis, total(lengths)),
        source: (index) => {
          const piece = starts.findLastIndex((start) => start <= index[axis]!);
          return [piece, index.with(axis, index[axis]! - starts[piece]!)];
        },
      };
    },
  ),
  moving("stack", fc.tuple(shapes(0, 2), wholeNumbers, fc.integer({ min: 1, max: 4 })), ([s, k, count]) => {
    const axis = k % (s.length + 1);
    return {
      inputs: Array.from({ length: count }, () => s),
      apply: (...x) => shape.stack(x, axis),
      shape: s.toSpliced(axis, 0, count),
      source: (index) => [index[axis]!, index.toSpliced(axis, 1)],
    };
  }),
  moving("take", fc.tuple(fullShapes(1), fullShapes(0, 2), wholeNumbers), ([s, indexShape, k]) => {
    const axis = k % s.length;
    const picked = Array.from(draw({ shape: indexShape, domain: [0, s[axis]!] }, k + 1), Math.floor);
    const nested = { shape: indexShape, data: picked };
    return {
      inputs: [s],
      apply: (x) => shape.take(x!, shape.reshape(picked, indexShape), axis),
      shape: s.toSpliced(axis, 1, ...indexShape),
      source: (index) => [
        0,
        index.toSpliced(axis, indexShape.length, at(nested, index.slice(axis, axis + indexShape.length))),
      ],
    };
  }),
  moving("diagonal", fc.tuple(fullShapes(0, 1), fc.integer({ min: 1, max: 7 })), ([lead, n]) => ({
    inputs: [[...lead, n, n]],
    apply: (x) => linalg.diagonal(x!),
    shape: [...lead, n],
    source: (index) => [0, [...index, index.at(-1)!]],
  })),
  moving(
    "diag",
    fc.tuple(fullShapes(0, 1), fc.integer({ min: 1, max: 7 })),
    ([lead, n]) => ({
      inputs: [[...lead, n]],
      apply: (x) => linalg.diag(x!),
      shape: [...lead, n, n],
      source: (index) => (index.at(-1) === index.at(-2) ? [0, index.slice(0, -1)] : undefined),
    }), // Sums that begin with 0 lose the sign of −0.
    close,
  ),
  moving("tril", fc.tuple(fullShapes(0, 1), fc.integer({ min: 1, max: 7 })), ([lead, n]) => ({
    inputs: [[...lead, n, n]],
    apply: (x) => linalg.tril(x!),
    shape: [...lead, n, n],
    source: (index) => (index.at(-1)! <= index.at(-2)! ? [0, index] : undefined),
  })),
];

const product = (a: Grid, b: Grid): Grid => {
  const [x, y] = [
    a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a,
    b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b,
  ];
  const lead = together([x.shape.slice(0, -2), y.shape.slice(0, -2)]);
  const [m, k, n] = [x.shape.at(-2)!, x.shape.at(-1)!, y.shape.at(-1)!];
  const { data } = tabulate([...lead, m, n], (index) => {
    const [i, j] = index.slice(-2) as [number, number];
    return total(
      Array.from({ length: k }, (_, l) => at(x, [...index.slice(0, -2), i, l]) * at(y, [...index.slice(0, -2), l, j])),
    );
  });
  return { shape: [...lead, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])], data };
};
const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 13, 17, 33) },
);
const matmulShapes = fc
  .tuple(
    length,
    length,
    length,
    fc.constantFrom(
      "matrices",
      "left",
      "right",
      "vectors",
      "batches",
      "batch left",
      "batch right",
      "broadcast batches",
    ),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([m, k, n, form, b]): [number[], number[]] => {
    if (form === "left") return [[k], [k, n]];
    if (form === "right") return [[m, k], [k]];
    if (form === "vectors") return [[k], [k]];
    if (form === "batches")
      return [
        [b, m, k],
        [b, k, n],
      ];
    if (form === "batch left")
      return [
        [b, m, k],
        [k, n],
      ];
    if (form === "batch right")
      return [
        [m, k],
        [b, k, n],
      ];
    if (form === "broadcast batches")
      return [
        [b, 1, m, k],
        [2, k, n],
      ];
    return [
      [m, k],
      [k, n],
    ];
  });
const wide: Domain = [-2, 2];
const productOptions: Options = { exact: false, known: "close", scale: "absolute" };
const symmetrised = (x: Tensor): Tensor =>
  x
    .add(
      shape.transpose(
        x,
        x.shape
          .map((_, d) => d)
          .with(-1, x.rank - 2)
          .with(-2, x.rank - 1),
      ),
    )
    .mul(0.5);
const orders = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(9, 18) },
);

function factorOf(a: Grid): Grid {
  const n = a.shape.at(-1)!;
  const out = new Float64Array(a.data.length);
  for (let b = 0; b < out.length; b += n * n) {
    for (let j = 0; j < n; j++) {
      for (let i = j; i < n; i++) {
        let x = a.data[b + i * n + j]!;
        for (let k = 0; k < j; k++) x -= out[b + i * n + k]! * out[b + j * n + k]!;
        out[b + i * n + j] = i === j ? Math.sqrt(x) : x / out[b + j * n + j]!;
      }
    }
  }
  return { shape: a.shape, data: out };
}
/** Solves by substitution with entry(i, k) of a triangular matrix, from the first row or from the last. */
function substitute(l: Grid, b: Grid, lower: boolean, transposed: boolean): Grid {
  const n = l.shape.at(-1)!;
  const m = b.shape.at(-1)!;
  const out = new Float64Array(b.data.length);
  const down = lower !== transposed;
  for (let batch = 0; batch * n * m < out.length; batch++) {
    const lBase = l.data.length === n * n ? 0 : batch * n * n;
    for (let c = 0; c < m; c++) {
      for (let s = 0; s < n; s++) {
        const i = down ? s : n - 1 - s;
        const entry = (k: number): number => l.data[lBase + (transposed ? k * n + i : i * n + k)]!;
        let x = b.data[batch * n * m + i * m + c]!;
        for (let r = 0; r < s; r++) {
          const k = down ? r : n - 1 - r;
          x -= entry(k) * out[batch * n * m + k * m + c]!;
        }
        out[batch * n * m + i * m + c] = x / entry(i);
      }
    }
  }
  return { shape: b.shape, data: out };
}
const solved: Options = { exact: false, known: "close", specials: false };

const linalgRecords: readonly OperationRecord[] = [
  record(
    "matmul",
    matmulShapes.map(
      ([a, b]): Example => ({
        inputs: [
          { shape: a, domain: wide },
          { shape: b, domain: wide },
        ],
        apply: (x, y) => linalg.matmul(x!, y!),
        expected: (x, y) => product(x!, y!),
      }),
    ),
    productOptions,
  ),
  ...(["left", "right"] as const).map((side) =>
    record(
      `matmul with data on the ${side}`,
      fc.tuple(matmulShapes, seeds).map(([[a, b], seed]): Example => {
        const [own, other] = side === "left" ? [a, b] : [b, a];
        const data = { shape: own, data: draw({ shape: own, domain: wide }, seed) };
        const known = shape.reshape(data.data, own);
        return {
          inputs: [{ shape: other, domain: wide }],
          apply: (x) => (side === "left" ? linalg.matmul(known, x!.tanh()) : linalg.matmul(x!.tanh(), known)),
          expected: (x) => {
            const moved = { shape: x!.shape, data: Float64Array.from(x!.data, Math.tanh) };
            return side === "left" ? product(data, moved) : product(moved, data);
          },
        };
      }),
      { ...productOptions, specials: false, scale: "result" },
    ),
  ),
  record(
    "dot",
    length.map(
      (n): Example => ({
        inputs: [
          { shape: [n], domain: wide },
          { shape: [n], domain: wide },
        ],
        apply: (x, y) => linalg.dot(x!, y!),
        expected: (x, y) => product(x!, y!),
      }),
    ),
    productOptions,
  ),
  record(
    "outer",
    fc.tuple(length, length).map(
      ([m, n]): Example => ({
        inputs: [
          { shape: [m], domain: wide },
          { shape: [n], domain: wide },
        ],
        apply: (x, y) => linalg.outer(x!, y!),
        expected: (x, y) => tabulate([m, n], ([i, j]) => x!.data[i!]! * y!.data[j!]!),
      }),
    ),
  ),
  record(
    "cholesky",
    fc
      .tuple(
        fullShapes(0, 1).filter((s) => sizeOf(s) < 10),
        orders,
      )
      .map(
        ([lead, n]): Example => ({
          inputs: [{ shape: [...lead, n, n], domain: "definite" }],
          apply: (x) => linalg.cholesky(symmetrised(x!)),
          expected: (x) => factorOf(x!),
        }),
      ),
    solved,
  ),
  record(
    "logdet",
    fc
      .tuple(
        fullShapes(0, 1).filter((s) => sizeOf(s) < 10),
        orders,
      )
      .map(
        ([lead, n]): Example => ({
          inputs: [{ shape: [...lead, n, n], domain: "definite" }],
          apply: (x) => linalg.logdet(symmetrised(x!)),
          expected: (x) => {
            const l = factorOf(x!);
            return tabulate(
              lead,
              (index) => 2 * total(Array.from({ length: n }, (_, i) => Math.log(at(l, [...index, i, i])))),
            );
          },
        }),
      ),
    solved,
  ),
  record(
    "normal density by covariance",
    fc
      .tuple(
        fullShapes(0, 1).filter((s) => sizeOf(s) < 10),
        orders,
        fc.boolean(),
      )
      .map(([lead, n, shared]): Example => {
        const left = shared ? [n, n] : [...lead, n, n];
        return {
          inputs: [
            { shape: left, domain: "definite" },
            { shape: [...lead, n], domain: wide },
          ],
          apply: (a, x) => MultivariateNormal({ loc: 0, covarianceMatrix: symmetrised(a!) }).logProb(x!),
          expected: (a, x) => {
            const l = factorOf(a!);
            return tabulate(lead, (index) => {
              const factor = tabulate([n, n], (place) => at(l, [...(shared ? [] : index), ...place]));
              const vector = tabulate([n, 1], ([i]) => at(x!, [...index, i!]));
              const white = Array.from(substitute(factor, vector, true, false).data);
              const logarithms = Array.from({ length: n }, (_, i) => Math.log(at(factor, [i, i])));
              return -0.5 * total(white.map((z) => z * z)) - total(logarithms) - n * 0.5 * Math.log(2 * Math.PI);
            });
          },
        };
      }),
    solved,
  ),
  ...[
    { lower: true, transpose: false },
    { lower: true, transpose: true },
    { lower: false, transpose: false },
    { lower: false, transpose: true },
  ].map((options) =>
    record(
      `solveTriangular ${options.lower ? "lower" : "upper"}${options.transpose ? " transposed" : ""}`,
      fc
        .tuple(
          fullShapes(0, 1).filter((s) => sizeOf(s) < 10),
          orders,
          fc.integer({ min: 0, max: 5 }),
          fc.boolean(),
        )
        .map(([lead, n, m, shared]): Example => {
          const isVector = m === 0;
          const right = isVector ? [n] : [...lead, n, m];
          const left = isVector || shared ? [n, n] : [...lead, n, n];
          return {
            inputs: [
              { shape: left, domain: "triangular" },
              { shape: right, domain: wide },
            ],
            apply: (l, b) => linalg.solveTriangular(l!, b!, options),
            expected: (l, b) => ({
              ...substitute(l!, isVector ? { ...b!, shape: [n, 1] } : b!, options.lower, options.transpose),
              shape: right,
            }),
          };
        }),
      solved,
    ),
  ),
  record(
    "scatterAdd",
    fc
      .tuple(fullShapes(1, 2), fullShapes(0, 1), fc.integer({ min: 1, max: 6 }), wholeNumbers)
      .map(([indexShape, row, size, k]): Example => {
        const picked = Array.from(draw({ shape: indexShape, domain: [0, size] }, k + 1), Math.floor);
        return {
          inputs: [{ shape: [...indexShape, ...row], domain: [-3, 3] }],
          apply: (x) => shape.scatterAdd(shape.reshape(picked, indexShape), x!, size),
          expected: (x) => {
            const width = sizeOf(row);
            const out = new Float64Array(size * width);
            picked.forEach((p, i) => {
              for (let j = 0; j < width; j++) out[p * width + j]! += x!.data[i * width + j]!;
            });
            return { shape: [size, ...row], data: out };
          },
        };
      }),
    { exact: false, known: "close", scale: "absolute" },
  ),
];

export const records: readonly OperationRecord[] = [
  ...elementwiseRecords,
  ...reductionRecords,
  ...movingRecords,
  ...linalgRecords,
];
