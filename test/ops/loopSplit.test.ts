import { describe, expect, test } from "vitest";
import { grad, jvp, valueAndGrad } from "../../src/autodiff/grad.ts";
import { compile } from "../../src/compiler/compile.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { withPasses } from "../../src/compiler/passes.ts";
import { instantiate } from "../../src/compiler/program.ts";
import { scan, whileLoop } from "../../src/tensor/control.ts";
import * as math from "../../src/tensor/math.ts";
import { stack } from "../../src/tensor/shape.ts";
import { fromData, type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { check } from "../compiler/check.ts";

const series = (n: number): Tensor =>
  fromData(
    Float64Array.from({ length: n }, (_, i) => ((i * i * 0.37) % 2) - 0.9),
    [n],
  );

interface Model {
  readonly name: string;
  readonly at: readonly number[];
  readonly f: (x: Tensor, y: Tensor) => Tensor;
}
const models: readonly Model[] = [
  {
    name: "GARCH: a variance, and its density outside",
    at: [0.1, 0.4, 0.3, 0.5],
    f: (x, y) => {
      const [mu, a, b, c] = [x.at(0), x.at(1), x.at(2), x.at(3)];
      const { ys } = scan(
        (v, e) => {
          const next = a.add(b.mul(math.square(e.sub(mu)))).add(c.mul(v));
          return [next, next];
        },
        1.3,
        y,
      );
      return math
        .log(ys)
        .add(math.square(y.sub(mu)).div(ys))
        .sum()
        .mul(-0.5);
    },
  },
  {
    name: "ARMA(1, 1): an error, summed in the loop",
    at: [0.1, -0.7, 0.4, 0.8],
    f: (x, y) => {
      const [mu, phi, theta, sigma] = [x.at(0), x.at(1), x.at(2), x.at(3)];
      return scan(
        ({ before, error, total }, now) => {
          const e = now.sub(mu.add(phi.mul(before)).add(theta.mul(error)));
          return [{ before: now, error: e, total: total.sub(math.square(e.div(sigma))).sub(math.log(sigma)) }];
        },
        { before: 0.2, error: 0, total: 0 },
        y,
      ).carry.total;
    },
  },
  {
    name: "exponential smoothing, the level as it was before",
    at: [-0.3, 0.6],
    f: (x, y) => {
      const alpha = math.sigmoid(x.at(0));
      const { carry, ys } = scan((level, now) => [level.add(alpha.mul(now.sub(level))), level], x.at(1), y);
      return y.sub(ys).square().sum().add(carry);
    },
  },
  {
    name: "an autoregression of latent steps, backwards",
    at: [0.9, 0.3, 0.4],
    f: (x, y) => {
      const { carry, ys } = scan(
        (h, z) => {
          const next = x
            .at(0)
            .mul(h)
            .add(z.mul(x.at(1)));
          return [next, math.exp(next)];
        },
        x.at(2),
        y,
        { reverse: true },
      );
      return ys.mul(y).sum().add(carry.square());
    },
  },
  {
    name: "a coefficient for every step, and a state that follows another",
    at: [0.9, 0.3, 0.4],
    f: (x, y) => {
      const { carry, ys } = scan(
        ({ p, q, last }, z) => {
          const next = p.mul(math.sin(z.add(x.at(0)))).add(x.at(1));
          const level = q.sub(next.mul(q).mul(0.2)).add(last);
          return { carry: { p: next, q: level, last: z.mul(x.at(2)) }, y: level };
        },
        { p: x.at(2), q: 0.3, last: x.at(1) },
        y,
      );
      return ys.square().sum().add(carry.p).add(carry.q.mul(carry.last));
    },
  },
  {
    name: "a walk, and sums of vectors",
    at: [0.9, 0.3, 0.4],
    f: (x, y) => {
      const { carry, ys } = scan(
        ({ walk, totals }, z) => {
          const next = walk.add(z.mul(x.at(0)));
          return { carry: { walk: next, totals: totals.add(x.mul(next)) }, y: next };
        },
        { walk: 0, totals: [0, 1, 2] },
        y,
      );
      return ys.mul(y).sum().add(carry.totals.mul(x).sum());
    },
  },
];

const along = (f: (x: Tensor) => Tensor, n: number) => (x: Tensor) =>
  grad(f)(x)
    .mul(Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0)))
    .sum();
const all = (f: (x: Tensor) => Tensor, n: number) => (x: Tensor) => [f(x), grad(f)(x), grad(along(f, n))(x)];

/** Kinds of steps, and kernels, of a value with its gradient. */
function stepsOf(f: (x: Tensor) => Tensor, at: readonly number[], passes = {}): string[] {
  const x = inputNode([at.length], "float64", "x");
  const { schedule } = withPasses(passes, () => {
    const { value, grad } = valueAndGrad(f)(wrap(x));
    return compile([value.node, grad.node], [x]);
  });
  return schedule.steps.map((s) => (s.kind === "call" ? s.call.kernel.name : s.kind));
}
function run(f: (x: Tensor) => readonly Tensor[], at: readonly number[], passes = {}): Float64Array[] {
  const x = inputNode([at.length], "float64", "x");
  const { program } = withPasses(passes, () =>
    compile(
      f(wrap(x)).map((y) => y.node),
      [x],
    ),
  );
  const instance = instantiate(program);
  instance.inputs[0]!.set(at);
  instance.run();
  return instance.outputs.map((y) => y.slice());
}

describe("loops that are linear recurrences", () => {
  describe.each(models)("$name", ({ at, f }) => {
    test.each([16, 17, 50, 131])("%i steps: compiled = interpreted, to second derivatives", (n) => {
      const of = (x: Tensor): Tensor => f(x, series(n));
      const { compiled } = check([[at.length]], all(of, at.length), [at]);
      expect(compiled.schedule.steps.map((s) => s.kind)).not.toContain("loop");
    });
    test("recurrences and maps in place of loops, with the values of loops", () => {
      const of = (x: Tensor): Tensor => f(x, series(60));
      const steps = stepsOf(of, at);
      expect(steps).not.toContain("loop");
      expect(steps.some((s) => s.startsWith("recurrence"))).toBe(true);
      expect(stepsOf(of, at, { recurrences: false })).toContain("loop");
      const plain = run(all(of, at.length), at, { recurrences: false });
      run(all(of, at.length), at).forEach((x, k) => {
        const size = Math.max(1, ...plain[k]!.map(Math.abs));
        x.forEach((v, i) => expect(Math.abs(v - plain[k]![i]!)).toBeLessThan(1e-12 * size));
      });
    });
    test("reverse = forward = differences", () => {
      const of = (x: Tensor): Tensor => f(x, series(40));
      const point = fromData(Float64Array.from(at), [at.length]);
      const [, slope] = run(all(of, at.length), at);
      at.forEach((_, i) => {
        const unit = Float64Array.from(at, (_, j) => (i === j ? 1 : 0));
        const tangent = jvp(of, point, fromData(unit, [at.length])).tangent.item();
        const moved = (h: number): number => of(point.add(fromData(unit, [at.length]).mul(h))).item();
        const size = Math.max(1, Math.abs(tangent));
        expect(Math.abs(slope![i]! - tangent)).toBeLessThan(1e-11 * size);
        expect(Math.abs((moved(1e-5) - moved(-1e-5)) / 2e-5 - tangent)).toBeLessThan(1e-6 * size);
      });
    });
    test("what is not finite with a loop is not finite without", () => {
      for (const odd of [NaN, Infinity, -Infinity, 0]) {
        const y = series(40).toArray() as number[];
        y[17] = odd;
        const of = (x: Tensor): readonly Tensor[] => [f(x, fromData(Float64Array.from(y), [40]))];
        const [a, b] = [run(of, at), run(of, at, { recurrences: false })];
        if (Number.isFinite(b[0]![0]!)) expect(a[0]![0]).toBeCloseTo(b[0]![0]!, 9);
        else expect(Number.isFinite(a[0]![0])).toBe(false);
        if (Number.isNaN(odd)) expect(a[0]![0]).toBe(b[0]![0]);
      }
    });
  });

  test("the adjoint of a nonlinear scalar state is one, with a coefficient for every step", () => {
    const f = (x: Tensor): Tensor => scan((v, y) => [math.tanh(v.mul(x.at(0)).add(y))], x.at(1), series(30)).carry;
    expect(stepsOf(f, [0.4, 0.2]).filter((s) => s !== "nest")).toEqual(["loop", "recurrenceVaryingReverse"]);
    check([[2]], all(f, 2), [[0.4, 0.2]]);
  });
});

describe("steps that begin again whatever was carried", () => {
  const n = 40;
  const data = (f: (i: number) => number): Tensor =>
    fromData(
      Float64Array.from({ length: n }, (_, i) => f(i)),
      [n],
    );
  const isReset = data((i) => Number(i === 20 || i === 33));
  const resetting =
    (odd: number, at: number, reverse = false) =>
    (x: Tensor): Tensor => {
      const factors = data((i) => (i >= at && i < at + 3 ? odd : 0.1 + (i % 7)));
      const { carry, ys } = scan(
        (c, row) => {
          const { r, f } = row as unknown as { r: Tensor; f: Tensor };
          const next = math.where(math.greater(r, 0.5), x.at(0), c.mul(f).add(x.at(1)));
          return [next, next];
        },
        x.at(1),
        { r: isReset, f: factors.mul(x.at(0)) },
        { reverse },
      );
      return stack([carry, ...[19, 20, 21, 33, 36].map((i) => ys.at(i))], 0);
    };
  // The last of these factors stand beside a step that begins again.
  for (const odd of [1e300, -1e300, Infinity, NaN, 0, -0])
    for (const at of [5, 15, 17, 18, 30])
      for (const reverse of [false, true])
        test(`factors ${Object.is(odd, -0) ? "−0" : odd} from step ${at}${reverse ? ", backwards" : ""}`, () => {
          const of = resetting(odd, at, reverse);
          const found = run((x) => [of(x)], [0.7, 0.4])[0]!;
          const plain = run((x) => [of(x)], [0.7, 0.4], { recurrences: false })[0]!;
          found.forEach((v, i) => {
            if (Number.isFinite(plain[i])) expect(Math.abs(v - plain[i]!)).toBeLessThan(1e-12 * Math.abs(plain[i]!));
            else expect(v).toBe(plain[i]);
          });
          expect(Number.isFinite(found[2])).toBe(true);
          expect(stepsOf((x) => of(x).at(0), [0.7, 0.4]).some((s) => /recurrenceVarying.*Resets/.test(s))).toBe(true);
        });
  test("adjoints pass by what was not finite", () => {
    const factors = data((i) => (i > 22 && i < 26 ? 1e300 : 1));
    const f = (x: Tensor): Tensor =>
      scan(
        (c, row) => {
          const { r, f } = row as unknown as { r: Tensor; f: Tensor };
          return [math.where(math.greater(r, 0.5), 0.5, c.mul(f))];
        },
        x.at(0),
        { r: data((i) => Number(i === 20)), f: factors.mul(x.at(1)) },
      ).carry;
    expect(run(all(f, 2), [0.7, 1])[1]![0]).toBe(0);
    expect(stepsOf(f, [0.7, 1]).join()).toMatch(/ReverseResets/);
    check(
      [[2]],
      all((x) => resetting(1.5, 5)(x).sum(), 2),
      [[0.7, 0.4]],
    );
  });
  test("an infinite carry from the first step", () => {
    const of = (x: Tensor): Tensor => {
      const start = math.log(x.at(1).sub(0.4));
      const { ys } = scan(
        (c, r) => {
          const next = math.where(math.greater(r, 0.5), x.at(0), c.mul(x.at(0)));
          return [next, next];
        },
        start,
        data((i) => Number(i === 1)),
      );
      return ys.slice([1]).sum();
    };
    const found = run((x) => [of(x)], [0.7, 0.4])[0]![0]!;
    expect(found).toBeCloseTo(run((x) => [of(x)], [0.7, 0.4], { recurrences: false })[0]![0]!, 12);
    expect(Number.isFinite(found)).toBe(true);
  });
  test("a coefficient that is zero keeps NaN of an infinite carry", () => {
    for (const zero of [0, -0]) {
      const of = (x: Tensor): Tensor =>
        scan(
          (c, f) => [math.where(math.less(f, -5), x.at(0), c.mul(f))],
          Infinity,
          data((i) => (i === 3 ? zero : 1)),
        ).carry;
      expect(run((x) => [of(x)], [0.7])[0]![0]).toBeNaN();
    }
  });
});

describe("loops that stay loops", () => {
  const y = series(30);
  test.each<[string, (x: Tensor) => Tensor]>([
    ["few steps", (x) => scan((v, z) => [v.mul(x.at(0)).add(z)], x.at(1), series(15)).carry],
    [
      "states that depend on each other",
      (x) => scan(({ p, q }, z) => [{ p: p.mul(x.at(0)).add(q), q: p.sub(z) }], { p: x.at(1), q: 0 }, y).carry.p,
    ],
    ["vectors that do more than add up", (x) => scan((v, z) => [v.mul(x).add(z)], [0, 1], y).carry.sum()],
    ["sums of vectors seen on their way", (x) => scan((v, z) => [v.add(x.mul(z)), v.square()], [0, 1], y).ys.sum()],
    [
      "as many steps as a condition holds",
      (x) =>
        whileLoop(
          (v) => math.less(v, 40),
          (v) => v.mul(x.at(0).add(1.2)).add(1),
          x.at(1),
          { maxSteps: 50 },
        ),
    ],
  ])("%s", (_name, f) => {
    const x = inputNode([2], "float64", "x");
    const { schedule } = compile([f(wrap(x)).node], [x]);
    expect(schedule.steps.map((s) => s.kind)).toContain("loop");
    check([[2]], all(f, 2), [[0.4, 0.2]]);
  });
  test("a state that is compared", () => {
    const f = (x: Tensor): Tensor =>
      scan((v, z) => [math.where(math.less(v, z), v.mul(x.at(0)), v.sub(x.at(1)))], 1, y).carry;
    check([[2]], all(f, 2), [[0.4, 0.2]]);
    expect(stepsOf(f, [0.4, 0.2]).filter((s) => s !== "nest")).toEqual(["loop", "recurrenceVaryingReverseResets"]);
  });
});
