import { describe, expect, test } from "vitest";
import { grad, valueAndGrad } from "../../src/autodiff/grad.ts";
import { compile } from "../../src/compiler/compile.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { withPasses } from "../../src/compiler/passes.ts";
import { printProgram } from "../../src/compiler/print.ts";
import { instantiate } from "../../src/compiler/program.ts";
import { allSteps } from "../../src/compiler/steps.ts";
import { scan, whileLoop } from "../../src/tensor/control.ts";
import { cond, switchCase } from "../../src/tensor/controlBranch.ts";
import { arange, tensor } from "../../src/tensor/create.ts";
import { jit } from "../../src/tensor/jit.ts";
import * as math from "../../src/tensor/math.ts";
import { broadcastTo } from "../../src/tensor/shape.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { check } from "../compiler/check.ts";

/** A recurrence of n steps, and its gradient. */
const recurrence = (n: number) => (x: Tensor) => {
  const f = (a: Tensor): Tensor =>
    scan(
      (v, y) => {
        const next = v.mul(a).add(math.sin(y));
        return [next, next.square()];
      },
      0,
      arange(n),
    ).ys.mean();
  const { value, grad: slope } = valueAndGrad(f)(x);
  return [value, slope];
};
const compiledRecurrence = (n: number): ReturnType<typeof compile> => {
  const x = inputNode([], "float64", "x");
  return compile(
    recurrence(n)(wrap(x)).map((t) => t.node),
    [x],
  );
};

/** Linear recurrences, too, as the loops that they are written as. */
const asLoops = <T>(f: () => T): T => withPasses({ recurrences: false }, f);

describe("scan", () => {
  test("known answers: running means, and a loop without rows", () => {
    const means = scan(
      ([n, mean], x) => {
        const next = mean!.add(x.sub(mean!).div(n!.add(1)));
        return [[n!.add(1), next], next];
      },
      [tensor(0), tensor(0)],
      [1, 2, 3],
    );
    expect(means.ys.toArray()).toEqual([1, 1.5, 2]);
    expect(means.carry.map((x) => x.item())).toEqual([3, 2]);
    const powers = scan((x) => [x.mul(2), x], 1, undefined, { length: 4 });
    expect(powers.ys.toArray()).toEqual([1, 2, 4, 8]);
    expect(powers.carry.item()).toBe(16);
    const empty = scan((c, x) => [c.add(x), c], 5, []);
    expect([empty.carry.item(), empty.ys.shape]).toEqual([5, [0]]);
    expect(scan((x) => ({ carry: x.mul(3) }), 1, undefined, { length: 3 }).carry.item()).toBe(27);
  });
  test("results of a reverse loop lie beside their rows", () => {
    const { carry, ys } = scan((c, x) => [c.add(x), c.add(x)], 0, [1, 2, 3], { reverse: true });
    expect(ys.toArray()).toEqual([6, 5, 3]);
    expect(carry.item()).toBe(6);
  });
  test("no steps: the initial carry and empty results", () => {
    const { carry, ys } = scan((c, x) => [c.add(x.sum()), x], 5, new Float64Array(0));
    expect(carry.item()).toBe(5);
    expect(ys.shape).toEqual([0]);
    const f = (a: Tensor): Tensor => scan((c) => [c.mul(a)], a.mul(3), undefined, { length: 0 }).carry;
    expect(grad(f)(2).item()).toBe(3);
  });
  test("kinds of numbers are kept", () => {
    const { carry, ys } = scan(
      ({ n, odd }, x) => [
        { n: n.add(x), odd: math.logicalNot(odd) },
        { odd, x },
      ],
      { n: tensor(Int32Array.of(0)).at(0), odd: false },
      tensor(Int32Array.of(1, 2, 3)),
    );
    expect([carry.n.dtype, carry.n.item(), carry.odd.dtype]).toEqual(["int32", 6, "bool"]);
    expect(ys.odd.toArray()).toEqual([false, true, false]);
    expect([ys.x.dtype, ys.x.toArray()]).toEqual(["int32", [1, 2, 3]]);
  });
  test("what does not change is computed once, outside", () => {
    const a = inputNode([], "float64", "a");
    const { carry } = scan((c, x) => [c.add(math.exp(wrap(a)).mul(x))], 0, arange(50));
    const program = asLoops(() => compile([carry.node], [a]));
    const loops = program.schedule.steps.filter((s) => s.kind === "loop");
    expect(loops.length).toBe(1);
    expect(loops[0]!.attrs.body.order.map((node) => node.op.name)).not.toContain("exp");
  });
  test("rows that are all the same are no rows; a carry that stays is no carry", () => {
    const a = inputNode([2], "float64", "a");
    const { carry } = scan(({ p, q }, [x, y]) => [{ p: p.mul(q).add(x!).mul(y!), q }], { p: 1, q: wrap(a).at(0) }, [
      broadcastTo(math.exp(wrap(a)).at(1), [3]),
      arange(3),
    ]);
    const [loop] = compile([carry.p.node], [a]).schedule.steps.filter((s) => s.kind === "loop");
    expect([loop!.attrs.carries, loop!.attrs.rows]).toEqual([1, 1]);
  });
  test.each([200, 10_000])("%i steps: engines agree, the code does not grow, the second run is like the first", (n) => {
    for (const recurrences of [true, false])
      withPasses({ recurrences }, () => {
        const { compiled } = check([[]], (x) => recurrence(n)(x), [[0.7]]);
        const names = (steps: ReturnType<typeof allSteps>): string[] => steps.map((s) => s.kind);
        const loops = names(allSteps(compiled.schedule)).filter((kind) => kind === "loop");
        expect(loops.length).toBe(recurrences ? 0 : 2);
        // Without chunks, whose last one is of another length for other numbers of steps.
        const bytes = (steps: number): number =>
          withPasses({ chunks: false }, () => compiledRecurrence(steps).program.code.length);
        expect(Math.abs(bytes(10 * n) - bytes(n))).toBeLessThan(100);
        const instance = instantiate(compiled.program);
        const run = (): number[] => {
          instance.input[0] = 0.7;
          instance.run();
          return [...instance.output];
        };
        expect(run()).toEqual(run());
      });
  });
  test("tracing again gives the same program; equal loops are one", () => {
    const [a, b] = [compiledRecurrence(150), compiledRecurrence(150)];
    expect(a.program.code).toEqual(b.program.code);
    expect(a.program.constants).toEqual(b.program.constants);
    const x = inputNode([], "float64", "x");
    const rows = arange(70);
    const once = (): Tensor => scan((v, y) => [v.mul(wrap(x)).add(y)], 0, rows).carry;
    const twice = () => compile([once().add(once().mul(2)).node], [x]).schedule.steps;
    expect(asLoops(twice).filter((s) => s.kind === "loop").length).toBe(1);
    expect(twice().filter((s) => s.kind === "call").length).toBe(1);
  });
  test("records and results that nobody reads are not stored", () => {
    const x = inputNode([], "float64", "x");
    const { carry } = scan((v, y) => [v.mul(wrap(x)).add(y), math.exp(v)], 0, arange(5000));
    const { program, schedule } = asLoops(() => compile([carry.node], [x]));
    const [loop] = schedule.steps.filter((s) => s.kind === "loop");
    expect(loop!.attrs.body.order.map((node) => node.op.name)).not.toContain("exp");
    expect(program.bytes).toBeLessThan(5000 * 8 + 2000);
  });
  test("the printed program shows the loop and the line it comes from", () => {
    const text = asLoops(() => printProgram(compiledRecurrence(20)));
    expect(text).toMatch(/loop\(.*20 steps/);
    expect(text).toMatch(/20 steps backwards/);
    expect(text).toMatch(/control\.test\.ts/);
    expect(printProgram(compiledRecurrence(20))).toMatch(/recurrence\(.*20\) .*control\.test\.ts/);
  });

  test("errors name the leaf and show both shapes", () => {
    expect(() => scan((c) => [{ a: c.a.add([1, 2]), b: c.b }], { a: 0, b: 1 }, [1, 2])).toThrow(
      "scan: carry.a is float64 of shape [] at first, and the function returns float64 of shape [2]. " +
        "What is carried keeps its shape and dtype: begin with the shape it will have, for example zeros([2]).",
    );
    expect(() => scan((c) => [math.greater(c, 0)], 0, [1, 2])).toThrow(
      /carry is float64 of shape \[\] at first, and the function returns bool of shape \[\].*cast one/,
    );
    expect(() => scan((c) => [{ x: c } as never], { y: 0 }, [1])).toThrow(
      /scan: the carry that the function returns.*keys y, got keys x/,
    );
    expect(() => scan((c) => [c], 0, { u: [1, 2], v: [1, 2, 3] })).toThrow(
      "scan: xs.u has 2 rows (shape [2]) and xs.v 3 (shape [3]); all need the same number.",
    );
    expect(() => scan((c) => [c], 0, [1, 2], { length: 3 })).toThrow(
      "scan: length 3, but xs has 2 rows; leave the length out.",
    );
    expect(() => scan((c) => [c], 0)).toThrow("scan: without rows the number of steps is not known; give { length }.");
    expect(() => scan((c) => [c], 0, 3)).toThrow(/xs is a scalar and has no rows/);
    expect(() => scan((c) => [c], 0, undefined, { length: 1.5 })).toThrow(
      "scan: `length` must be a whole number, 0 or more, got 1.5.",
    );
    expect(() => scan((c) => c as never, 0, [1])).toThrow(/must return \[carry, y\] or \{ carry, y \}, got a Tensor/);
  });
  test("values inside cannot be read, and the message says so", () => {
    expect(() => scan((c, x) => [x.item() > 0 ? c : c.neg()], 0, [1, 2])).toThrow(/no value while the model is traced/);
  });
});

test("loops over constants that differ only in how they are stretched stay apart", () => {
  const through = (c: Tensor, by: Tensor): Tensor => scan((v) => [v.matmul(by)], c, undefined, { length: 2 }).carry;
  const f = (c: Tensor): Tensor[] => [
    through(c, broadcastTo([1, 2], [2, 2])),
    through(c, broadcastTo([[1], [2]], [2, 2])),
  ];
  const start = tensor([
    [1, 2],
    [3, 5],
  ]);
  expect(jit(f)(start).map((x) => x.toArray())).toEqual(f(start).map((x) => x.toArray()));
});

describe("whileLoop", () => {
  const root = (a: Tensor | number, maxSteps: number): Tensor =>
    whileLoop(
      (x) => math.greater(math.abs(x.square().sub(a)), 1e-12),
      (x) => x.add(math.div(a, x)).div(2),
      1,
      { maxSteps },
    );
  test("known answer, also without a step", () => {
    expect(root(2, 50).item()).toBeCloseTo(Math.sqrt(2), 12);
    expect(
      whileLoop(
        (x) => math.less(x, 0),
        (x) => x.sub(1),
        3,
        { maxSteps: 5 },
      ).item(),
    ).toBe(3);
    check(
      [[]],
      (x) =>
        whileLoop(
          (c) => math.less(c, x),
          (c) => c.add(1),
          x.mul(2),
          { maxSteps: 3 },
        ),
      [[3]],
    );
  });
  test("exactly maxSteps are enough", () => {
    expect(
      whileLoop(
        (x) => math.less(x, 5),
        (x) => x.add(1),
        0,
        { maxSteps: 5 },
      ).item(),
    ).toBe(5);
  });
  test("too many steps: an error at once, NaN when compiled", () => {
    expect(() => root(2, 2)).toThrow(
      "whileLoop: the condition still holds after 2 steps; give a larger maxSteps, or look whether the steps come to an end.",
    );
    const a = inputNode([], "float64", "a");
    const instance = instantiate(compile([root(wrap(a), 4).node], [a]).program);
    const at = (x: number): number => {
      instance.input[0] = x;
      instance.run();
      return instance.output[0]!;
    };
    expect([at(1), at(1e6), at(1)]).toEqual([1, Number.NaN, 1]);
  });
  test("errors", () => {
    expect(() =>
      whileLoop(
        (x) => math.less(x, [1, 2]),
        (x) => x,
        0,
        { maxSteps: 2 },
      ),
    ).toThrow(/whileLoop: the condition has shape \[2\]; one truth value is wanted\..*all\(\) or any\(\)/);
    expect(() =>
      whileLoop(
        (x) => math.less(x, 1),
        (x) => x,
        0,
        { maxSteps: 0 },
      ),
    ).toThrow("whileLoop: `maxSteps` must be a whole number, 1 or more, got 0.");
    expect(() =>
      whileLoop(
        (x) => math.less(x, 1),
        (x) => x.add([1, 2]),
        0,
        { maxSteps: 1 },
      ),
    ).toThrow(/whileLoop: carry is float64 of shape \[\]/);
  });
});

describe("cond and switchCase", () => {
  const f = (x: Tensor): Tensor =>
    cond(
      math.greater(x, 0),
      (y) => math.log(y),
      (y) => y.square(),
      x,
    );
  test("known answers and derivatives; the branch not taken gives no NaN", () => {
    expect([f(tensor(2)).item(), f(tensor(-3)).item()]).toEqual([math.log(2).item(), 9]);
    expect([grad(f)(2).item(), grad(f)(-3).item(), grad(f)(0).item()]).toEqual([0.5, -6, 0]);
    check([[]], (x) => [f(x), grad(f)(x)], [[0]]);
    check([[]], (x) => [f(x), grad(f)(x)], [[4]]);
  });
  test("only the branch taken runs", () => {
    const x = inputNode([], "float64", "x");
    const slow = (y: Tensor): Tensor => scan((c, z) => [math.sin(c).add(z)], y, arange(100)).carry;
    const { schedule } = compile([cond(math.greater(wrap(x), 0), slow, (y) => y, wrap(x)).node], [x]);
    expect(schedule.steps.map((s) => s.kind)).toContain("branch");
    expect(schedule.steps.map((s) => s.kind)).not.toContain("loop");
  });
  test("cheap branches are a selection", () => {
    const x = inputNode([], "float64", "x");
    expect(compile([f(wrap(x)).node], [x]).schedule.steps.map((s) => s.kind)).toEqual(["nest"]);
  });
  test("indices are held in range; trees and closures", () => {
    const pick = (k: number, y: Tensor): Tensor =>
      switchCase(tensor(k), [({ a }) => a, ({ a, b }) => a.mul(b), () => y], { a: 2, b: [3] }) as never;
    expect(() => pick(0, tensor(1))).toThrow(
      "switchCase: result is float64 of shape [] from branch 0 and float64 of shape [1] from branch 1; branches must agree. broadcastTo or cast one of them.",
    );
    const of = (k: number): number => switchCase(k, [(x) => x, (x) => x.mul(10), (x) => x.mul(100)], 7).item();
    expect([-1, 0, 1, 2, 3].map(of)).toEqual([7, 7, 70, 700, 700]);
  });
  test.each([2, 3])("an index that is no integer is rounded down, and NaN counts as 0: %i branches", (n) => {
    const indices = [
      0.3,
      0.5,
      1.5,
      -0.5,
      2.7,
      Number.NaN,
      1,
      7,
      -7,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ];
    const expected = [0, 0, 1, 0, 2, 0, 1, 2, 0, 2, 0].map((i) => Math.min(i, n - 1));
    const cheap = Array.from(
      { length: n },
      (_, i) =>
        (x: Tensor): Tensor =>
          x.mul(10 ** i),
    );
    const costly = cheap.map(
      (f) =>
        (x: Tensor): Tensor =>
          scan((c, y) => [c.mul(y)], f(x), broadcastTo(1, [3])).carry,
    );
    for (const branches of [cheap, costly]) {
      const [i, x] = [inputNode([], "float64", "i"), inputNode([], "float64", "x")];
      const pick = (y: Tensor): Tensor => switchCase(wrap(i), branches, y);
      const outputs = [pick(wrap(x)).node, grad(pick)(wrap(x)).node];
      const { inputs, outputs: results, run } = instantiate(compile(outputs, [i, x]).program);
      inputs[1]!.set([3]);
      indices.forEach((index, k) => {
        inputs[0]!.set([index]);
        run();
        const wanted = [3 * 10 ** expected[k]!, 10 ** expected[k]!];
        expect(results.map((v) => v[0])).toEqual(wanted);
        const interpreted = interpret(outputs, [i, x], [Float64Array.of(index), Float64Array.of(3)]);
        expect(interpreted.map((v) => v[0])).toEqual(wanted);
      });
    }
  });
  test("an index that is known and no integer is refused; an infinite one is held in range", () => {
    const of = (k: number): number => switchCase(k, [(x) => x, (x) => x.mul(10)], 7).item();
    expect([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY].map(of)).toEqual([7, 70]);
    expect(() => of(0.5)).toThrow("switchCase: the index is 0.5; an integer is wanted: floor or round it.");
    expect(() => of(Number.NaN)).toThrow("switchCase: the index is NaN; an integer is wanted: floor or round it.");
  });
  test("NaN counts as true, in cond, where and whileLoop, by every engine", () => {
    check(
      [[]],
      (x) => [
        cond(
          x,
          () => tensor(1),
          () => tensor(2),
        ),
        math.where(x, 1, 2),
        whileLoop(
          ([, n]) => math.where(math.less(n, 3), x, 0),
          ([c, n]) => [c, n.add(1)],
          [x, tensor(0)],
          { maxSteps: 9 },
        )[1],
      ],
      [[Number.NaN]],
    ).results.forEach((v, k) => {
      expect([...v]).toEqual([[1], [1], [3]][k]);
    });
  });
  test("errors", () => {
    expect(() =>
      cond(
        tensor([true, false]),
        (x) => x,
        (x) => x,
        1,
      ),
    ).toThrow(/cond: the predicate has shape \[2\]; one truth value is wanted\..*where\(condition, a, b\)/);
    expect(() =>
      cond(
        true,
        (x) => ({ a: x }),
        (x) => ({ b: x }) as never,
        1,
      ),
    ).toThrow("cond: onFalse returns result.b and onTrue result.a; branches must return the same structure.");
    expect(() => switchCase(tensor([1]), [(x) => x], 1)).toThrow(
      "switchCase: the index has shape [1]; one integer is wanted.",
    );
    expect(() => switchCase(0, [] as never, 1)).toThrow(
      "switchCase: the branches have to be an array of at least one function, as in switchCase(index, [f, g, …], ...operands), got an empty one.",
    );
  });
});
