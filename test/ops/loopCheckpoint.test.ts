import { describe, expect, test } from "vitest";
import { grad, valueAndGrad } from "../../src/autodiff/grad.ts";
import { compile } from "../../src/compiler/compile.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { withPasses } from "../../src/compiler/passes.ts";
import { instantiate } from "../../src/compiler/program.ts";
import { type ScanOptions, scan } from "../../src/tensor/control.ts";
import { matmul } from "../../src/tensor/linalg.ts";
import * as math from "../../src/tensor/math.ts";
import { fromData, type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { check } from "../compiler/check.ts";

const series = (n: number): Tensor =>
  fromData(
    Float64Array.from({ length: n }, (_, i) => ((i * i * 0.37) % 2) - 0.9),
    [n],
  );
type Options = Pick<ScanOptions, "checkpoint">;

interface Case {
  readonly name: string;
  readonly at: readonly number[];
  readonly f: (x: Tensor, n: number, options: Options) => Tensor;
}
const cases: readonly Case[] = [
  {
    name: "a few numbers, results and closures",
    at: [0.3, 0.5, -0.4],
    f: (x, n, options) => {
      const { carry, ys } = scan(
        ({ p, q, z }, y) => {
          const next = math.sin(p.mul(x.at(0)).add(q)).add(y);
          return {
            carry: { p: next, q: p.sub(math.tanh(q.mul(x.at(1)))), z: z.add(y.mul(x.at(2))) },
            y: [next, q.sub(y)],
          };
        },
        { p: x.at(1), q: 0, z: 0 },
        series(n).mul(x.at(2)),
        options,
      );
      const [a, b] = ys as unknown as [Tensor, Tensor];
      return a.mul(b).sum().add(carry.p).add(carry.z.square());
    },
  },
  {
    name: "backwards",
    at: [0.3, 0.5, -0.4],
    f: (x, n, options) => {
      const { carry, ys } = scan((v, y) => [math.sin(v.mul(y).add(x)), v.sum()], x, series(n), {
        reverse: true,
        ...options,
      });
      return ys.mul(series(n)).sum().add(carry.sum());
    },
  },
  {
    name: "matrices, in loops over memory",
    at: Array.from({ length: 81 }, (_, i) => ((i * 0.37) % 1) * 0.2),
    f: (x, n, options) => {
      const a = x.reshape([9, 9]);
      const { carry, ys } = scan((p, y) => [math.sin(matmul(a, p).add(y)), p.at(0).sum()], a.T, series(n), options);
      return ys.square().sum().add(carry.sum());
    },
  },
];

function programOf({ f, at }: Case, n: number, options: Options, passes = {}) {
  const x = inputNode([at.length], "float64", "x");
  const compiled = withPasses(passes, () => {
    const { value, grad } = valueAndGrad((y: Tensor) => f(y, n, options))(wrap(x));
    return compile([value.node, grad.node], [x]);
  });
  const instance = instantiate(compiled.program);
  instance.inputs[0]!.set(at);
  instance.run();
  const lengths = compiled.schedule.steps.flatMap((s) => (s.kind === "loop" ? [s.attrs.length] : []));
  return { results: instance.outputs.map((y) => Array.from(y)), bytes: compiled.program.bytes, lengths };
}

describe("loops whose carry is computed again", () => {
  describe.each(cases)("$name", (c) => {
    test.each([
      [2, 1],
      [9, true],
      [30, true],
      [31, 7],
      [35, 7],
      [64, 31],
      [101, true],
    ] as const)("%i steps, checkpoint %o: the bits of loops that keep it", (n, checkpoint) => {
      const kept = programOf(c, n, { checkpoint }, { checkpoints: false });
      expect(programOf(c, n, { checkpoint }).results).toEqual(kept.results);
      expect(kept.lengths).toEqual([n, n]);
    });
    test("loops over blocks, and what is left over", () => {
      expect(programOf(c, 30, { checkpoint: 7 }).lengths).toEqual([4, 2, 2, 4]);
      expect(programOf(c, 28, { checkpoint: 7 }).lengths).toEqual([4, 4]);
      expect(programOf(c, 30, { checkpoint: 16 }).lengths).toEqual([30, 30]);
      expect(programOf(c, 30, {}).lengths).toEqual([30, 30]);
    });
    test("compiled = interpreted, to second derivatives", () => {
      const f = (x: Tensor): Tensor => c.f(x, 23, { checkpoint: 5 });
      const first = (x: Tensor): Tensor => grad(f)(x).at(0);
      check([[c.at.length]], (x) => [f(x), grad(f)(x), grad(first)(x)], [c.at]);
    });
  });

  test("memory grows with the root of the steps", () => {
    const grown = (options: Options): number => {
      const [long, short] = [6400, 1600].map((n) => programOf(cases[2]!, n, options).bytes) as [number, number];
      return (long - short) / 8;
    };
    expect(grown({})).toBeGreaterThan(4800 * 81);
    // Data and results are as long as they were; of carries there are 40 more blocks and 40 more steps in a block.
    expect(grown({ checkpoint: true })).toBeLessThan(4800 * 4 + 5 * 40 * 81);
  });
  test("what a loop keeps is limited", () => {
    const wide = (x: Tensor, n: number): Tensor =>
      scan((v, y) => [math.sin(v.mul(x).add(y))], x, series(n)).carry.sum();
    const at = Array.from({ length: 100 }, (_, i) => 0.01 * i);
    const made = (n: number): number => programOf({ name: "", f: wide, at }, n, {}).bytes;
    expect(made(80_000)).toBeGreaterThan(60e6);
    expect(made(90_000)).toBeLessThan(5e6);
    expect(
      programOf(
        { name: "", f: (x, n, o) => scan((v, y) => [math.sin(v.mul(x).add(y))], x, series(n), o).carry.sum(), at },
        90_000,
        { checkpoint: false },
      ).bytes,
    ).toBeGreaterThan(70e6);
  });
  test("not where carries are results", () => {
    const f = (x: Tensor, n: number, options: Options): Tensor =>
      scan((v, y) => [math.sin(v.mul(x).add(y)), v], x, series(n), options)
        .ys.square()
        .sum();
    const c: Case = { name: "", f, at: [0.1, 0.2] };
    expect(programOf(c, 30, { checkpoint: 7 })).toEqual(programOf(c, 30, { checkpoint: 7 }, { checkpoints: false }));
  });
  test("no gradient, no steps to compute again", () => {
    const x = inputNode([], "float64", "x");
    const { carry } = scan((v, y) => [math.sin(v.mul(y))], wrap(x), series(50), { checkpoint: true });
    const { schedule } = compile([carry.node], [x]);
    const loops = schedule.steps.filter((s) => s.kind === "loop");
    expect(loops.map((s) => s.attrs.length)).toEqual([50]);
  });
  test("not a number of steps", () => {
    for (const checkpoint of [0, -1, 2.5, NaN])
      expect(() => scan((v, y) => [v.add(y)], 0, series(9), { checkpoint })).toThrow(
        /`checkpoint` must be .* whole number/,
      );
  });
});
