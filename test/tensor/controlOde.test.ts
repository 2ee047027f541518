import { describe, expect, test } from "vitest";
import { grad, hessian, jvp } from "../../src/autodiff/grad.ts";
import { compile } from "../../src/compiler/compile.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { instantiate } from "../../src/compiler/program.ts";
import { cos, sin } from "../../src/tensor/math.ts";
import { odeint } from "../../src/tensor/odeint.ts";
import { stack } from "../../src/tensor/shape.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { check } from "../compiler/check.ts";

const tight = { rtol: 1e-10, atol: 1e-10 };
const times = [0, 0.5, 1.25, 2];
const e = (x: number): number => Math.exp(x);

describe("odeint", () => {
  test("exponential decay, at all times", () => {
    const y = odeint((z) => z.neg(), 1, times, tight);
    times.forEach((t, i) => expect(y.at(i).item()).toBeCloseTo(e(-t), 9));
  });
  test("an oscillator as a tree, with arguments", () => {
    const { x, v } = odeint(({ x, v }, _t, { k }) => ({ x: v, v: x.mul(k).neg() }), { x: 1, v: 0 }, times, {
      args: { k: 4 },
      ...tight,
    });
    times.forEach((t, i) => {
      expect(x.at(i).item()).toBeCloseTo(Math.cos(2 * t), 8);
      expect(v.at(i).item()).toBeCloseTo(-2 * Math.sin(2 * t), 8);
    });
  });
  test("an equation with time in it", () => {
    const y = odeint((z, t) => cos(t).sub(z.mul(0)), 0, times, tight);
    times.forEach((t, i) => expect(y.at(i).item()).toBeCloseTo(Math.sin(t), 8));
  });
  test("the error goes with the tolerance", () => {
    const error = (tol: number): number =>
      Math.abs(
        odeint((z, t) => z.mul(sin(t)), 1, [0, 3], { rtol: tol, atol: tol })
          .at(1)
          .item() - e(1 - Math.cos(3)),
      );
    expect(error(1e-4)).toBeLessThan(2e-3);
    expect(error(1e-7)).toBeLessThan(2e-6);
    expect(error(1e-10)).toBeLessThan(2e-9);
  });

  const decay = (k: Tensor): Tensor =>
    odeint((z, _t, rate) => z.mul(rate).neg(), k.mul(2), times, { args: k, ...tight }).at(3);
  // 2k e^−2k
  const k = 0.7;
  const first = 2 * e(-2 * k) * (1 - 2 * k);
  const second = 2 * e(-2 * k) * (4 * k - 4);
  test("derivatives with respect to the state and arguments: reverse, forward, second", () => {
    expect(grad(decay)(k).item()).toBeCloseTo(first, 7);
    expect(jvp(decay, k, 1).tangent.item()).toBeCloseTo(first, 7);
    expect(hessian(decay)(k).item()).toBeCloseTo(second, 5);
  });
  test("derivatives with respect to times", () => {
    const f = (t: Tensor): Tensor => odeint((z) => z.mul(-0.7), 1, stack([t.mul(0), t]), tight).at(1);
    expect(grad(f)(2).item()).toBeCloseTo(-0.7 * e(-1.4), 5);
  });
  test("traced times that do not increase: NaN from there on, with its derivatives, compiled and interpreted", () => {
    const f = (ts: Tensor): Tensor => odeint((z) => z.neg(), 1, ts);
    const inputs = [
      [0, 1, 2],
      [0, -1, 3],
      [0, 1, 1],
      [0, 1, NaN],
      [NaN, 1, 2],
    ];
    const slopes = [1, 2].map((i) => (ts: Tensor) => grad((x: Tensor) => f(x).at(i))(ts));
    const x = inputNode([3], "float64", "ts");
    const outputs = [f, ...slopes].map((g) => g(wrap(x)).node);
    const instance = instantiate(compile(outputs, [x]).program);
    for (const ts of inputs) {
      instance.inputs[0]!.set(ts);
      instance.run();
      const compiled = instance.outputs.map((y) => Array.from(y));
      const plain = interpret(outputs, [x], [Float64Array.from(ts)]).map((y) => Array.from(y));
      expect(compiled.map((y) => y.map(Number.isNaN))).toEqual(plain.map((y) => y.map(Number.isNaN)));
      const wrong = ts.findIndex((t, i) => i > 0 && !(t > ts[i - 1]!));
      const [values, ...gradients] = compiled;
      values!.forEach((v, i) => {
        if (wrong >= 0 && i >= wrong) expect(v).toBeNaN();
        else expect(v).toBeCloseTo(i === 0 ? 1 : e(ts[0]! - ts[i]!), 5);
      });
      gradients.forEach((g, i) => {
        if (wrong >= 0 && i + 1 >= wrong) expect(g[i + 1]).toBeNaN();
        else if (wrong < 0) expect(g[i + 1]).toBeCloseTo(-e(ts[0]! - ts[i + 1]!), 4);
      });
    }
  });
  test("compiled = interpreted, with a gradient", () => {
    const predator = (p: Tensor): Tensor =>
      odeint(
        (z) => stack([p.at(0).sub(z.at(1)).mul(z.at(0)), z.at(0).sub(p.at(1)).mul(z.at(1))]),
        [1.5, 1],
        times,
      ).sum();
    check([[2]], (p) => [predator(p), grad(predator)(p)], [[1.1, 0.4]]);
  });
  test("too many steps: an error at once, NaN when compiled", () => {
    const stiff = (rate: Tensor | number): Tensor =>
      odeint((z) => z.mul(rate).neg(), 1, [0, 10], { maxSteps: 20 }).at(1);
    expect(() => stiff(1e4)).toThrow(
      /odeint: the solution is NaN from time 10 on; time 0 was reached\. .*20 steps did not suffice.*larger maxSteps/,
    );
    const rate = inputNode([], "float64", "rate");
    const instance = instantiate(compile([stiff(wrap(rate)).node], [rate]).program);
    instance.input[0] = 1e4;
    instance.run();
    expect(instance.output[0]).toBeNaN();
    instance.input[0] = 0.1;
    instance.run();
    expect(instance.output[0]).toBeCloseTo(e(-1), 5);
  });
  test("errors", () => {
    expect(() => odeint((z) => z, 1, [0, 2, 1])).toThrow(
      "odeint: time 2 is 1, after 2; times must increase, and the first is that of y0.",
    );
    expect(() => odeint((z) => z, 1, 3)).toThrow(/odeint: times have shape \[\]; a vector/);
    expect(() => odeint((z) => z, 1, [0, 1], { rtol: 0 })).toThrow("odeint: `rtol` must be a positive number, got 0.");
    expect(() => odeint((z) => z, 1, [0, 1], { maxSteps: 0 })).toThrow(
      "odeint: `maxSteps` must be a whole number, 1 or more, got 0.",
    );
    expect(() => odeint(() => [1, 2] as never, 1, [0, 1])).toThrow(
      "odeint: the state's leaf 0 has shape [], and its derivative from the function [2]; they must agree.",
    );
  });
});
