import { describe, expect, it } from "vitest";
import { compile } from "../../src/compiler/compile.ts";
import type { Node } from "../../src/compiler/graph.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { planInner } from "../../src/compiler/nestPlan.ts";
import { inputNode } from "../../src/compiler/node.ts";
import { instantiate } from "../../src/compiler/program.ts";
import { topological } from "../../src/compiler/simplify.ts";
import { add, mul, square } from "../../src/ops/arithmetic.ts";
import { digamma, exp, expm1, lgamma, log, softplus, trigamma } from "../../src/ops/elementary.ts";
import { sum } from "../../src/ops/reduce.ts";

/** Numbers of both signs and all sizes, with what arithmetic treats apart. */
const special = [0, -0, Infinity, -Infinity, NaN, 5e-324, 1e-310, 1e308, -745.2, 709.7, 710, -1e-17];
const values = (n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => (i % 3 === 0 ? special[(i / 3) % special.length]! : 8 * Math.sin(i)));

function run(outputs: readonly Node[], x: Node, data: Float64Array): Float64Array[] {
  const instance = instantiate(compile(outputs, [x]).program);
  instance.inputs[0]!.set(data);
  instance.run();
  return instance.outputs.map((y) => y.slice());
}

describe("elementary functions in loops", () => {
  for (const [name, f] of Object.entries({ exp, log, softplus, expm1 })) {
    it(`${name}: the bits of the interpreter, whatever the number of elements`, () => {
      for (const n of [17, 18, 24, 31, 40, 64, 65, 66, 67, 70, 71, 72, 73]) {
        const x = inputNode([n], "float64", "x");
        const outputs = [f(x), add(mul(f(x), x), x)];
        const data = values(n);
        expect(run(outputs, x, data)).toEqual(interpret(outputs, [x], [data]));
      }
    });
  }

  it("sums count every element once", () => {
    for (let n = 17; n < 80; n++) {
      const x = inputNode([n], "float64", "x");
      const data = Float64Array.from({ length: n }, (_, i) => i % 7);
      const outputs = [sum(exp(x), [0]), sum(softplus(x), [0]), exp(x)];
      const expected = interpret(outputs, [x], [data]);
      run(outputs, x, data).forEach((y, k) => {
        y.forEach((v, i) => expect(v / expected[k]![i]!).toBeCloseTo(1, 13));
      });
    }
  });
});

describe("planInner", () => {
  it("writes chains side by side, and nothing else", () => {
    expect(planInner(1000, 30, 20, false).unroll).toBe(4);
    expect(planInner(1000, 30, 8, false).unroll).toBe(1);
    expect(planInner(1000, 90, 40, true).unroll).toBe(2);
    expect(planInner(1000, 150, 60, true).unroll).toBe(1);
    expect(planInner(42, 30, 20, false)).toEqual({ unroll: 2, turns: 10, pairs: 21, hasTail: false });
  });
});

describe("log Γ and its derivatives", () => {
  const operations = (outputs: readonly Node[], x: Node): string[] =>
    topological(compile(outputs, [x]).outputs).map((node) => node.op.name);

  it("leave out the reflection where the argument cannot be negative, with the same values", () => {
    const x = inputNode([20], "float64", "x");
    const outputs = [lgamma(exp(x)), digamma(softplus(x)), trigamma(square(x))];
    expect(operations(outputs, x)).toEqual(
      expect.arrayContaining(["lgammaPositive", "digammaPositive", "trigammaPositive"]),
    );
    const data = Float64Array.from({ length: 20 }, (_, i) => 0.3 * i - 3.1);
    const reflected = [lgamma(exp(x)), digamma(softplus(x)), trigamma(square(x))];
    expect(run(outputs, x, data)).toEqual(interpret(reflected, [x], [data]));
  });

  it("keep it elsewhere", () => {
    const x = inputNode([20], "float64", "x");
    const names = operations([lgamma(x), digamma(add(x, exp(x))), trigamma(mul(x, exp(x)))], x);
    expect(names).toEqual(expect.arrayContaining(["lgamma", "digamma", "trigamma"]));
  });
});
