/** What loops do with their rows: work on them alone leaves the loop, and they are read where they lie. */
import { describe, expect, test } from "vitest";
import { pullback } from "../../src/autodiff/reverse.ts";
import type { Node } from "../../src/compiler/graph.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { loopAttrs } from "../../src/compiler/loop.ts";
import { scalar } from "../../src/compiler/node.ts";
import { withPasses } from "../../src/compiler/passes.ts";
import { topological } from "../../src/compiler/simplify.ts";
import { scan, whileLoop } from "../../src/tensor/control.ts";
import { matmul } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import { flip } from "../../src/tensor/shape.ts";
import { fromData, type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { variables } from "../compiler/check.ts";
import { runCompiled } from "./engines.ts";

type F = (x: Tensor, p: Tensor) => Tensor;
const wave = (n: number, salt = 0): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => Math.sin(1.3 * i * i + salt));

const loopsOf = (nodes: readonly Node[]): Node[] => topological(nodes).filter((x) => x.op.name === "loop");
/** Names of the operations in the bodies of loops. */
const within = (nodes: readonly Node[]): string[] =>
  loopsOf(nodes).flatMap((x) => loopAttrs(x.attrs).body.order.map((y) => y.op.name));

interface Traced {
  readonly forward: Node;
  readonly all: readonly Node[];
}
/** Compiled value and gradients equal those of the interpreter with nothing moved; gives both graphs and what was compiled. */
function agree(shape: readonly number[], f: F): { traced: Traced; compiled: readonly Node[] } {
  const inputs = variables([shape, [3]]);
  const values = [wave(shape.reduce((a, b) => a * b, 1)), wave(3, 2)];
  const trace = (): Traced => {
    const forward = f(wrap(inputs[0]!), wrap(inputs[1]!)).node;
    return { forward, all: [forward, ...pullback([forward], [scalar(1)], inputs).map((g) => g ?? scalar(0))] };
  };
  const traced = trace();
  const run = runCompiled(traced.all, inputs, values);
  if (run instanceof Error) throw run;
  const plain = withPasses({ hoistRows: false }, trace);
  const engines = [interpret(plain.all, inputs, values), interpret(run.outputs, inputs, values)];
  for (const expected of engines)
    expected.forEach((x, k) => {
      x.forEach((v, i) => expect(Math.abs(run.values[k]![i]! - v)).toBeLessThan(1e-12 * Math.max(1, Math.abs(v))));
    });
  return { traced, compiled: run.outputs };
}

describe("work on rows alone leaves the loop", () => {
  test.each<[string, readonly number[], string, F]>([
    ["an exponential", [9], "exp", (x, p) => scan((v, y) => [v.mul(p.at(0)).add(y.mul(p.at(1)).exp())], 0.3, x).carry],
    [
      "an exponential, backwards",
      [9],
      "exp",
      (x, p) => scan((v, y) => [v.mul(p.at(0)).add(y.add(p).exp())], p, x, { reverse: true }).carry.sum(),
    ],
    [
      "a product with a large matrix",
      [7, 30],
      "matmul",
      (x, p) => {
        const w = fromData(wave(90, 4), [30, 3]).mul(p);
        return scan((h, y) => [math.tanh(h.mul(p).add(matmul(y, w)))], p, x).carry.sum();
      },
    ],
    [
      "results that come from rows alone",
      [6],
      "log",
      (x, p) => {
        const { carry, ys } = scan((v, y) => [v.mul(y).add(p.at(0)), y.square().add(1).log()], 1, x);
        return carry.add(ys.mul(wave(6)).sum());
      },
    ],
    ["one row", [1], "exp", (x, p) => scan((v, y) => [v.mul(p.at(0)).add(y.exp())], 0.3, x).carry],
  ])("%s", (_name, shape, op, f) => {
    const { traced } = agree(shape, f);
    expect(loopsOf([traced.forward])).toHaveLength(1);
    expect(within([traced.forward])).not.toContain(op);
  });
  test("and recomputed work leaves the adjoint", () => {
    const { traced } = agree([9], (x, p) => scan((v, y) => [math.sin(v.mul(p.at(0))).add(y)], 0.3, x).carry);
    expect(within([traced.forward])).toContain("sin");
    expect(within(traced.all)).not.toContain("cos");
  });
});

describe("what stays in the loop", () => {
  test.each<[string, readonly number[], string, F]>([
    ["work on what is carried", [9], "exp", (x, p) => scan((v, y) => [v.mul(p.at(0)).exp().mul(y)], 0.3, x).carry],
    ["a product", [9], "mul", (x, p) => scan((v, y) => [v.add(y.mul(y.add(p.at(0))))], 0.3, x).carry],
    [
      "a product with a small matrix, and what takes it",
      [7, 3],
      "matmul",
      (x, p) => {
        const w = fromData(wave(9, 4), [3, 3]).mul(p);
        return scan((h, y) => [h.mul(p).add(math.tanh(matmul(y, w)))], p, x).carry.sum();
      },
    ],
    [
      "what is much wider than the row",
      [9],
      "exp",
      (x, p) => scan((v, y) => [v.mul(p.at(0)).add(y.mul(wave(40)).exp())], p.at(1).mul(wave(40)), x).carry.sum(),
    ],
  ])("%s", (_name, shape, op, f) => {
    const { traced } = agree(shape, f);
    expect(within([traced.forward])).toContain(op);
  });
  test("loops that may stop early", () => {
    const { traced } = agree(
      [3],
      (x, p) =>
        whileLoop(
          ({ n }) => math.less(n, 4),
          ({ v, n }) => ({ v: math.sin(v.mul(p.at(0))), n: n.add(1) }),
          { v: x.at(0), n: 0 },
          { maxSteps: 9 },
        ).v,
    );
    expect(within(traced.all)).toContain("cos");
  });
});

describe("rows are read where they lie", () => {
  const walk =
    (rows: (x: Tensor) => Tensor, reverse = false): F =>
    (x, p) => {
      const y = x.mul(p.at(2)).exp();
      const { carry, ys } = scan(
        (v, row) => {
          const next = v.mul(p.at(0)).add(row);
          return [next, next.square()];
        },
        y.at(0),
        rows(y),
        { reverse },
      );
      return ys.sum().add(carry.mul(y.at(1)).sum());
    };
  const isInPlace = (nodes: readonly Node[]): boolean =>
    loopsOf(nodes).some((x) => loopAttrs(x.attrs).views?.some((v) => v !== null));
  // One number, a pair, an odd number, and a row that is worth loops of its own.
  for (const width of [[], [2], [3], [70]])
    test.each<[string, F]>([
      ["a stretch", walk((y) => y.slice([1]))],
      ["a stretch of a stretch", walk((y) => y.slice([1]).slice([1], [5]))],
      ["from the end", walk((y) => flip(y, 0))],
      ["a stretch from the end", walk((y) => flip(y.slice([2], [6]), 0))],
      ["a stretch, in a loop from the end", walk((y) => y.slice([1]), true)],
      ["from the end, in a loop from the end", walk((y) => flip(y.slice([1]), 0), true)],
    ])(`%s, of rows [${width}]`, (_name, f) => {
      const { compiled } = agree([8, ...width], f);
      expect(isInPlace(compiled)).toBe(true);
    });
  test("every other row is copied", () => {
    agree(
      [8, 2],
      walk((y) => y.slice([0], [8], [2])),
    );
    agree(
      [8, 2],
      walk((y) => y.T.reshape([8, 2])),
    );
  });
});
