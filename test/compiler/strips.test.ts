import { logDensity } from "lapilli";
import { describe, expect, test } from "vitest";
import { pullback } from "../../src/autodiff/reverse.ts";
import { type Compiled, compile } from "../../src/compiler/compile.ts";
import type { Node } from "../../src/compiler/graph.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { scalar } from "../../src/compiler/node.ts";
import { withPasses } from "../../src/compiler/passes.ts";
import { NotCompilable } from "../../src/compiler/placement.ts";
import { printProgram } from "../../src/compiler/print.ts";
import { instantiate } from "../../src/compiler/program.ts";
import { allSteps, type Strip } from "../../src/compiler/steps.ts";
import { matmul } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import * as reduce from "../../src/tensor/reduce.ts";
import * as shape from "../../src/tensor/shape.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { draw } from "../ops/draw.ts";
import { difference, within } from "../ops/engines.ts";
import { posteriors } from "../posteriors/posteriors.ts";
import { dataOf } from "../posteriors/references.ts";
import { variables } from "./check.ts";

type Shapes = readonly (readonly number[])[];
type Of = (...x: Tensor[]) => Tensor | readonly Tensor[];

const stripsOf = ({ schedule }: Compiled): Strip[] =>
  allSteps(schedule).flatMap((step) => (step.kind === "strip" ? [step] : []));

/** Runs the outputs of `f`, and the gradient of the first when it is a scalar, with strips, without and interpreted. */
function compared(shapes: Shapes, f: Of, values?: readonly Float64Array[]): { chunked: Compiled; plain: Compiled } {
  const inputs = variables(shapes);
  const made = f(...inputs.map(wrap));
  const outputs: Node[] = (Array.isArray(made) ? (made as readonly Tensor[]) : [made as Tensor]).map((x) => x.node);
  if (outputs[0]!.shape.length === 0) {
    outputs.push(...pullback([outputs[0]!], [scalar(1)], inputs).filter((g) => g !== undefined));
  }
  const at = values ?? shapes.map((s, i) => draw({ shape: s, domain: [-1.5, 1.5] }, 23, i) as Float64Array);
  const run = (compiled: Compiled): Float64Array[] => {
    const instance = instantiate(compiled.program);
    const once = (): Float64Array[] => {
      at.forEach((x, i) => instance.inputs[i]!.set(x));
      instance.run();
      return instance.outputs.map((x) => x.slice());
    };
    const first = once();
    expect(once(), "a second run").toEqual(first);
    return first;
  };
  const chunked = compile(outputs, inputs);
  const plain = withPasses({ chunks: false }, () => compile(outputs, inputs));
  const found = run(chunked);
  const agrees = (expected: ArrayLike<number>, k: number, engine: string): void => {
    const largest = Math.max(1, ...Array.from(expected, Math.abs).filter(Number.isFinite));
    const tolerance = within(() => 1e-12 * largest);
    expect(difference(found[k]!, Float64Array.from(expected), tolerance), `${k}, ${engine}`).toBeUndefined();
  };
  run(plain).forEach((x, k) => agrees(x, k, "not chunked"));
  interpret(outputs, inputs, at).forEach((x, k) => agrees(x, k, "interpreted"));
  expect(compile(outputs, inputs).program.code).toEqual(chunked.program.code);
  return { chunked, plain };
}

const column = (n: number, salt = 0): Float64Array => draw({ shape: [n], domain: [-1, 1] }, 5 + salt) as Float64Array;
const table = (m: number, n: number): Tensor => shape.reshape(column(m * n, 9), [m, n]);
const groups = (n: number, of: number): Tensor =>
  shape.reshape(
    Int32Array.from(column(n, 3), (x) => Math.floor(((x + 1) / 2) * of)),
    [n],
  );

/** A logistic regression with random intercepts: products with the design, a gather, sums of several kinds. */
const logistic =
  (rows: number, columns: number): Of =>
  (b, a, group) => {
    const eta = matmul(table(rows, columns), b!)
      .add(a!)
      .add(shape.take(group!, groups(rows, 5)));
    return math
      .softplus(eta)
      .sum()
      .sub(eta.mul(column(rows, 1)).sum())
      .add(math.tanh(eta).square().sum());
  };
const sizes = [1, 2, 3, 7, 8, 9, 63, 64, 65, 127, 128, 129, 130, 135, 136, 255, 256, 257, 385, 1000, 1001];

describe("strips compute what their nests compute one after the other", () => {
  test.each(sizes)("a logistic regression of %i rows, few columns", (rows) => {
    const { chunked } = compared([[3], [], [5]], logistic(rows, 3));
    expect(stripsOf(chunked).length).toBe(rows > 128 ? 1 : 0);
  });
  test.each(sizes)("a logistic regression of %i rows, many columns", (rows) => {
    const { chunked } = compared([[20], [], [5]], logistic(rows, 20));
    expect(stripsOf(chunked).length).toBe(rows > 128 ? 1 : 0);
  });
  test.each([
    [20, 100],
    [7, 33],
    [33, 7],
    [300, 3],
    [301, 3],
    [3, 301],
    [130, 2],
    [2, 130],
    [1, 500],
    [65, 64],
  ])("rows and columns, %i × %i", (m, n) => {
    compared([[m], [n]], (a, b) => {
      const x = a!.exp().expandDims(1).mul(b!).add(table(m, n));
      const p = math.sigmoid(x);
      return [p.mul(x).sum(), p.sum(0), p.sum(1), math.softplus(x).sum(), p.max(), p.min(1)];
    });
    compared([[m], [n]], (a, b) => math.softplus(math.sub(b!, a!.expandDims(1)).mul(a!.exp().expandDims(1))).sum());
  });
  test.each([
    [5, 6, 6],
    [3, 7, 9],
    [130, 2, 3],
    [2, 3, 130],
    [9, 1, 31],
  ])("three dimensions, %i × %i × %i", (...size) => {
    const axes = [[0], [1], [2], [0, 1], [0, 2], [1, 2]];
    compared([size, size.slice(1)], (x, y) => {
      const p = math.sigmoid(x!.mul(y!).sub(math.tanh(y!)));
      const q = p.mul(x!.exp());
      return [q.sum(), ...axes.flatMap((a) => [q.sum(a), p.sub(q).max(a)]), shape.transpose(q), q];
    });
  });
  test.each([200, 1001])("softmax over all %i rows, which needs completed sums", (n) => {
    const { chunked } = compared([[n]], (x) => {
      const w = x!.sub(x!.max()).exp();
      const p = w.div(w.sum());
      return [p.mul(math.sin(x!)).sum(), p, math.log(p).sum()];
    });
    expect(stripsOf(chunked).length).toBeGreaterThan(1);
  });
  test("softmax over the columns of each row stays in one strip", () => {
    const { chunked } = compared([[300, 4]], (x) => {
      const w = x!.sub(x!.max(1).expandDims(1)).exp();
      return [w.div(w.sum(1).expandDims(1)).mul(table(300, 4)).sum(), reduce.logsumexp(x!, 1).sum()];
    });
    expect(stripsOf(chunked).length).toBeGreaterThan(0);
  });
  test("two groups over different rows that meet in a sum", () => {
    const { chunked } = compared([[3], []], (b, s) => {
      const first = math
        .softplus(matmul(table(500, 3), b!))
        .mul(column(500))
        .sum();
      const second = math
        .tanh(matmul(table(333, 3), b!).mul(s!.exp()))
        .square()
        .sum();
      return first.mul(second);
    });
    expect(new Set(stripsOf(chunked).map((s) => s.rows))).toEqual(new Set([500, 333]));
  });
  test("no rows are left to the interpreter", () => {
    expect(() => compared([[3], [], [5]], logistic(0, 3))).toThrow(NotCompilable);
  });
  test("rows read backwards, shifted and joined", () => {
    compared([[300]], (x) => {
      const e = x!.exp();
      const back = shape.flip(e, 0);
      const shifted = shape.concat([e.slice([1]), e.slice([0], [1])], 0);
      return [e.mul(back).sum(), math.tanh(shifted.mul(back)), shape.concat([e, math.sin(x!)], 0).square()];
    });
  });
  test("values that are results as well", () => {
    compared([[20], []], (b, a) => {
      const eta = matmul(table(500, 20), b!);
      const p = math.sigmoid(eta.add(a!));
      return [p.sum(), eta, p];
    });
  });
  test("numbers that are not finite", () => {
    const x = column(300);
    for (const [i, value] of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].entries()) {
      x[100 * i + 17] = value;
    }
    compared([[300]], (y) => [math.sigmoid(y!), y!.exp(), math.softplus(y!), y!.max(), y!.exp().sum()], [x]);
    const b = column(20);
    b[3] = Number.POSITIVE_INFINITY;
    compared([[20]], (y) => [math.softplus(matmul(table(303, 20), y!)).sum(0), matmul(table(303, 20), y!)], [b]);
  });
});

for (const name of ["wells_data-wells_dae_inter_model", "irt_2pl-irt_2pl", "low_dim_gauss_mix-low_dim_gauss_mix"]) {
  const posterior = posteriors.find((p) => p.name === name)!;
  const data = dataOf(posterior);
  test.skipIf(!data)(`${name}: the switch of logDensity`, () => {
    const [on, off] = [true, false].map((chunks) => {
      const ld = logDensity(posterior.bind(data!), undefined, { passes: { chunks } });
      const gradient = new Float64Array(ld.dim);
      const value = ld.valueAndGrad(new Float64Array(ld.dim).fill(0.1), gradient);
      return { text: printProgram(ld.graph.compiled!), numbers: Float64Array.of(value, ...gradient) };
    });
    expect(on!.text).toMatch(/rows, \d+ at a time/);
    expect(off!.text).not.toMatch(/at a time/);
    expect(
      difference(
        on!.numbers,
        off!.numbers,
        within((_, b) => 1e-11 * Math.max(1, Math.abs(b))),
      ),
    ).toBeUndefined();
  });
}

describe("strips save memory and time", () => {
  test("what is handed from loop to loop has the length of a chunk", () => {
    const { chunked, plain } = compared([[20], [], [5]], logistic(5000, 20));
    const [strip] = stripsOf(chunked) as [Strip];
    expect(strip.rows).toBe(5000);
    expect(strip.local.size).toBeGreaterThan(0);
    for (const id of strip.local) expect(chunked.schedule.buffers[id]!.size).toBe(strip.chunk);
    expect(chunked.program.bytes).toBeLessThan(plain.program.bytes);
    expect(printProgram(chunked)).toContain(`5000 rows, ${strip.chunk} at a time:`);
  });
  test("both products with a design read one copy of it", () => {
    const { chunked } = compared([[20], [], [5]], logistic(400, 20));
    const large = chunked.schedule.buffers.filter((b) => b.kind === "constant" && b.size >= 400 * 20);
    expect(large.map((b) => b.label)).toEqual(["blocks of [400, 20]"]);
  });
  test("a long body is cut, a short one is not", () => {
    const nests = (f: (x: Tensor) => Tensor): number => {
      const { chunked } = compared([[1000]], (x) => f(x!).mul(column(1000)));
      return allSteps(chunked.schedule).filter((step) => step.kind === "nest").length;
    };
    expect(nests((x) => x.add(1).square())).toBe(1);
    expect(nests((x) => math.sigmoid(x.square()))).toBeGreaterThan(1);
  });
});
