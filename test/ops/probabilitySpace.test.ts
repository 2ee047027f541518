import { describe, expect, test } from "vitest";
import { grad, hessian, jvp } from "../../src/autodiff/grad.ts";
import { pullback } from "../../src/autodiff/reverse.ts";
import type { Node } from "../../src/compiler/graph.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { scalar } from "../../src/compiler/node.ts";
import { withPasses } from "../../src/compiler/passes.ts";
import { topological } from "../../src/compiler/simplify.ts";
import { probabilitySpace } from "../../src/ops/probabilitySpace.ts";
import { scan } from "../../src/tensor/control.ts";
import * as math from "../../src/tensor/math.ts";
import { logsumexp, max } from "../../src/tensor/reduce.ts";
import { concat, stack } from "../../src/tensor/shape.ts";
import { fromData, type Tensor, wrap } from "../../src/tensor/tensor.ts";
import { variables } from "../compiler/check.ts";
import { runCompiled } from "./engines.ts";

type F = (...x: Tensor[]) => Tensor;

const wave = (n: number, salt = 0): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => 2 * Math.sin(1.7 * i * i + salt + 0.3) - 0.4);
const data = (shape: readonly number[], salt = 0): Tensor =>
  fromData(
    wave(
      shape.reduce((a, b) => a * b, 1),
      salt,
    ),
    shape,
  );

const isFired = (nodes: readonly Node[]): boolean => topological(nodes).some((x) => x.op.name === "logPartition");

interface Results {
  readonly fired: boolean;
  readonly compiled: readonly ArrayLike<number>[];
  readonly interpreted: readonly ArrayLike<number>[];
  readonly plain: readonly ArrayLike<number>[];
}
/** Value and gradients with the pass, compiled and interpreted, and without it, interpreted. */
function run(shapes: readonly (readonly number[])[], f: F, values: readonly Float64Array[]): Results {
  const inputs = variables(shapes);
  const trace = (rewrite: boolean): Node[] => {
    const out = f(...inputs.map(wrap)).node;
    const [value] = rewrite ? probabilitySpace([out]) : [out];
    return [value!, ...pullback([value!], [scalar(1)], inputs).map((g) => g ?? scalar(0))];
  };
  const rewritten = trace(true);
  const compiled = runCompiled(rewritten, inputs, values);
  if (compiled instanceof Error) throw compiled;
  return {
    fired: isFired(rewritten),
    compiled: compiled.values,
    interpreted: interpret(rewritten, inputs, values),
    plain: interpret(trace(false), inputs, values),
  };
}
const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, unknown = false): void => {
  const scale = Math.max(1, ...Array.from(expected, Math.abs).filter(Number.isFinite));
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    // What nothing leads to has no derivative in log space.
    expect(
      Object.is(a, b) || (Number.isNaN(b) && unknown) || Math.abs(a - b) <= tolerance * scale,
      `${i}: ${a} against ${b}`,
    ).toBe(true);
  }
};
/** All agree, and the pass fired or did not. */
function agree(shapes: readonly (readonly number[])[], f: F, values: readonly Float64Array[], fires = true): Results {
  const results = run(shapes, f, values);
  expect(results.fired).toBe(fires);
  results.plain.forEach((x, k) => {
    close(results.compiled[k]!, results.interpreted[k]!, 1e-11);
    close(results.interpreted[k]!, x, 1e-12, k > 0);
  });
  return results;
}
const logRows = (x: Tensor): Tensor => x.sub(logsumexp(x, 1, { keepDims: true }));
const normal = (y: Tensor, mu: Tensor): Tensor => math.square(y.sub(mu)).mul(-0.5);

/** The forward algorithm with a transition matrix of logarithms from rows to columns, and emissions [n, k]. */
const forward = (init: Tensor, transition: Tensor, emission: Tensor): Tensor =>
  logsumexp(scan((a, e) => [logsumexp(a.expandDims(1).add(transition), 0).add(e)], init, emission).carry);

describe("the forward algorithm however it is written", () => {
  const k = 3;
  const n = 17;
  const shapes = [[k, k], [k]];
  const values = [wave(9), wave(3, 1)];
  const y = data([n], 2);
  const emissions = (mu: Tensor): Tensor => normal(y.expandDims(1), mu);
  test.each<[string, F]>([
    ["rows to columns", (x, mu) => forward(mu!, logRows(x!), emissions(mu!))],
    [
      "columns to rows",
      (x, mu) => logsumexp(scan((a, e) => [logsumexp(logRows(x!).T.add(a), 1).add(e)], mu!, emissions(mu!)).carry),
    ],
    ["a logarithm of probabilities", (x, mu) => forward(mu!, logRows(x!).exp().add(0.01).log(), emissions(mu!))],
    [
      "emissions within the step",
      (x, mu) =>
        logsumexp(
          scan((a, here) => [normal(here, mu!).add(logsumexp(a.expandDims(1).add(logRows(x!)), 0))], mu!, y).carry,
        ),
    ],
    [
      "emissions with the transitions",
      (x, mu) =>
        logsumexp(
          scan((a, here) => [logsumexp(a.expandDims(1).add(logRows(x!)).add(normal(here, mu!)), 0)], mu!, y).carry,
        ),
    ],
    [
      "emissions before the transitions",
      (x, mu) =>
        logsumexp(
          scan((a, here) => [logsumexp(a.add(normal(here, mu!)).expandDims(1).add(logRows(x!)), 0)], mu!, y).carry,
        ),
    ],
    [
      "transitions that change with a covariate",
      (x, mu) =>
        logsumexp(
          scan(
            (a, here) => [logsumexp(a.expandDims(1).add(logRows(x!.mul(math.tanh(here)))), 0).sub(here.mul(mu!))],
            mu!,
            y,
          ).carry,
        ),
    ],
    [
      "backwards, as messages from the end",
      (x, mu) =>
        logsumexp(
          scan((b, e) => [logsumexp(logRows(x!).add(b.add(e)), 1)], mu!, emissions(mu!), { reverse: true }).carry.add(
            mu!,
          ),
        ),
    ],
    [
      "state by state",
      (x, mu) =>
        logsumexp(
          scan(
            (a, e) => [stack([0, 1, 2].map((j) => logsumexp(a.add(logRows(x!).T.at(j))).add(e.at(j))))],
            mu!,
            emissions(mu!),
          ).carry,
        ),
    ],
    [
      "without a largest taken out",
      (x, mu) =>
        scan((a, e) => [a.expandDims(1).add(logRows(x!)).exp().sum(0).log().add(e)], mu!, emissions(mu!))
          .carry.exp()
          .sum()
          .log(),
    ],
    [
      "with final weights and a constant beside them",
      (x, mu) =>
        logsumexp(
          scan((a, e) => [logsumexp(a.expandDims(1).add(x!), 0).add(e).add(0.3)], [0, 1, 2], emissions(mu!))
            .carry.add(mu!.mul(2))
            .add(1),
        ).mul(3),
    ],
    [
      "from left to right, with two terms",
      (x, mu) =>
        logsumexp(
          scan(
            (a, e) => {
              const from = concat([fromData(Float64Array.of(-Infinity), [1]), a.slice([0], [2])]);
              return [math.logaddexp(a.add(x!.at(0)), from.add(x!.at(1))).add(e)];
            },
            [0, -Infinity, -Infinity],
            emissions(mu!),
          ).carry,
        ),
    ],
  ])("%s", (_name, f) => {
    const { compiled } = agree(shapes, f, values);
    expect(compiled.every((x) => Array.from(x).every(Number.isFinite))).toBe(true);
  });
  test("two states, one of two terms each", () => {
    agree(
      [[4], [2]],
      (x, mu) => {
        const at = (i: number): Tensor => x!.at(i);
        return logsumexp(
          scan(
            (a, here) => [
              stack([
                math.logaddexp(a.at(0).add(at(0)), a.at(1).add(at(2))),
                math.logaddexp(a.at(0).add(at(1)), a.at(1).add(at(3))),
              ]).add(normal(here, mu!)),
            ],
            mu!,
            y,
          ).carry,
        );
      },
      [wave(4), wave(2)],
    );
  });
  test.each([2, 4, 5, 6, 12])("%i states", (states) => {
    const e = data([9, states], 4);
    agree([[states, states], [states]], (x, mu) => forward(mu!, logRows(x!), e.mul(mu!)), [
      wave(states * states),
      wave(states),
    ]);
  });
  test("one step", () => {
    agree(shapes, (x, mu) => forward(mu!, logRows(x!), data([1, 3])), values);
  });
});

describe("what is left alone", () => {
  const shapes = [[2, 2], [2]];
  const values = [wave(4), wave(2, 1)];
  const e = data([8, 2]);
  test.each<[string, F]>([
    ["the best path", (x, mu) => max(scan((a, here) => [max(a.expandDims(1).add(x!), 0).add(here)], mu!, e).carry)],
    [
      "weights that are used otherwise",
      (x, mu) => {
        const { carry } = scan((a, here) => [logsumexp(a.expandDims(1).add(x!), 0).add(here)], mu!, e);
        return logsumexp(carry).add(carry.at(0));
      },
    ],
    [
      "weights of every step",
      (x, mu) => {
        const { carry, ys } = scan(
          (a, here) => {
            const next = logsumexp(a.expandDims(1).add(x!), 0).add(here);
            return [next, next];
          },
          mu!,
          e,
        );
        return logsumexp(carry).add(ys.square().sum());
      },
    ],
    [
      "weights that are multiplied",
      (x, mu) => logsumexp(scan((a, here) => [logsumexp(a.mul(0.9).expandDims(1).add(x!), 0).add(here)], mu!, e).carry),
    ],
    [
      "emissions that depend on the weights",
      (x, mu) => logsumexp(scan((a, here) => [logsumexp(a.expandDims(1).add(x!), 0).add(here.mul(a))], mu!, e).carry),
    ],
    [
      "a state that enters a sum twice",
      (x, mu) =>
        logsumexp(scan((a, here) => [logsumexp(concat([a, a]).add(x!.at(0).at(0)), 0).add(here)], mu!, e).carry),
    ],
  ])("%s", (_name, f) => {
    agree(shapes, f, values, false);
  });
  test("everything, when the pass is off", () => {
    withPasses({ probabilitySpace: false }, () =>
      agree(shapes, (x, mu) => forward(mu!, logRows(x!), e), values, false),
    );
  });
});

describe("which recurrence runs", () => {
  /** 0: over probabilities, 1: over logarithms. */
  const branchOf = (a: number[], e: readonly number[][], init: number[]): number => {
    const states = init.length;
    const inputs = variables([[states, states], [e.length, states], [states]]);
    const [x, em, i] = inputs.map(wrap) as [Tensor, Tensor, Tensor];
    const values = [a, e.flat(), init].map((v) => Float64Array.from(v));
    const run = runCompiled(probabilitySpace([forward(i, x, em).node]), inputs, values);
    if (run instanceof Error) throw run;
    const chosen = topological(run.outputs).find((node) => node.op.name === "branch")!;
    return interpret([chosen.inputs[0]!], inputs, values)[0]![0]!;
  };
  const even = [-0.7, -0.7, -0.7, -0.7];
  test.each<[string, number, number[], number[][], number[]]>([
    [
      "ordinary densities",
      0,
      even,
      [
        [-3, -1],
        [-2, -9],
        [0, 0],
      ],
      [0, 0],
    ],
    [
      "densities of any size",
      0,
      even,
      [
        [-3e5, -3e5 - 1],
        [2e6, 2e6 - 4],
        [0, 0],
      ],
      [0, 0],
    ],
    [
      "states that an observation tells apart without doubt",
      0,
      even,
      [
        [0, -5000],
        [-9000, 0],
        [0, -800],
      ],
      [0, -2000],
    ],
    [
      "an initial state, from left to right",
      0,
      [-0.7, -0.7, -Infinity, 0],
      [
        [-3, -1],
        [-2, -9],
      ],
      [0, -Infinity],
    ],
    [
      "weights that would be lost",
      1,
      [0, -Infinity, -Infinity, 0],
      [
        [0, -1000],
        [0, 0],
        [0, 0],
      ],
      [0, 0],
    ],
    [
      "nothing possible",
      1,
      even,
      [
        [0, 0],
        [-Infinity, -Infinity],
      ],
      [0, 0],
    ],
    [
      "not a number",
      1,
      even,
      [
        [0, 0],
        [0, Number.NaN],
        [0, 0],
      ],
      [0, 0],
    ],
  ])("%s: %i", (_name, branch, a, e, init) => {
    expect(branchOf(a, e, init)).toBe(branch);
  });
});

describe("at the ends of the range", () => {
  const chain = (a: number[], e: readonly number[][], init: number[]): Results =>
    agree([[init.length, init.length], [e.length, init.length], [init.length]], (x, em, i) => forward(i!, x!, em!), [
      Float64Array.from(a),
      Float64Array.from(e.flat()),
      Float64Array.from(init),
    ]);
  const half = Math.log(0.5);
  const mixed = [half, half, half, half];
  const never = -Infinity;
  test("densities of any size, states far apart", () => {
    const { compiled } = chain(
      mixed,
      [
        [-1e5, -1e5 - 900],
        [3e4, 2e4],
        [-5e3, 10],
        [0, -1e300],
        [700, 0],
      ],
      [0, -2000],
    );
    expect(Number.isFinite(compiled[0]![0]!)).toBe(true);
  });
  test("a weight that leaves the range and is needed later", () => {
    // Neither state leads to the other; the first is a thousand nats ahead and is then ruled out.
    const { compiled } = chain(
      [0, never, never, 0],
      [
        [0, -1000],
        [0, 0],
        [never, 0],
        [0, 0],
      ],
      [0, 0],
    );
    expect(compiled[0]![0]).toBeCloseTo(-1000, 9);
    expect(compiled[3]![1]).toBeCloseTo(1, 12);
  });
  test("hardly any transitions, needed", () => {
    const { compiled } = chain(
      [0, -900, -900, 0],
      [
        [0, -900],
        [-2000, 0],
        [0, -2500],
        [0, 0],
      ],
      [0, -800],
    );
    expect(Number.isFinite(compiled[0]![0]!)).toBe(true);
  });
  test.each([100, 180, 240, 264, 300, 500, 540])("steps of e^−%i each, followed by as small a weight", (far) => {
    // The first state is the only one that is seen and the second all that is led to.
    const { compiled } = chain(
      [-far, 0, -1.7, -0.2],
      Array.from({ length: 6 }, () => [0, -7400]),
      [0, -7400],
    );
    expect(compiled.every((x) => Array.from(x).every(Number.isFinite))).toBe(true);
  });
  test("impossible states and transitions", () => {
    chain(
      [half, half, never, 0],
      [
        [0, 1],
        [2, 0],
        [1, 1],
        [0.5, 0],
      ],
      [0, never],
    );
    chain(
      [half, half, never, 0],
      [
        [0, never],
        [2, 0],
        [never, 1],
        [0.5, 0],
      ],
      [0, never],
    );
    chain(
      [half, half, never, never, half, half, never, never, 0],
      [
        [0, 1, 2],
        [1, 2, 0],
        [0, 0, 0],
        [1, -1, 0],
      ],
      [0, never, never],
    );
  });
  test("nothing possible: −∞, and derivatives of zero", () => {
    const { compiled } = chain(
      mixed,
      [
        [0, 1],
        [never, never],
        [0, 0],
      ],
      [0, 0],
    );
    expect(compiled.map((x) => Array.from(x))).toEqual([[-Infinity], [0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0]]);
  });
  test("NaN among the emissions", () => {
    const { compiled } = chain(
      mixed,
      [
        [0, 1],
        [NaN, 0],
        [0, 0],
      ],
      [0, 0],
    );
    expect(compiled[0]![0]).toBeNaN();
  });
  test("∞ among the emissions", () => {
    const { compiled } = chain(
      mixed,
      [
        [0, 1],
        [Infinity, 0],
        [0, 0],
      ],
      [0, 0],
    );
    expect(compiled[0]![0]).toBe(Infinity);
  });
  test("a long chain", () => {
    const n = 20000;
    agree([[2, 2], [2]], (x, mu) => forward(mu!, logRows(x!), normal(data([n, 1]), mu!.mul(4))), [wave(4), wave(2)]);
  });
});

describe("derivatives", () => {
  const f = (x: Tensor): Tensor => {
    const out = forward(x.slice([0], [2]), logRows(x.slice([2], [6]).reshape([2, 2])), data([7, 2]).mul(x.at(6)));
    return wrap(probabilitySpace([out.node])[0]!);
  };
  const g = (x: Tensor): Tensor =>
    forward(x.slice([0], [2]), logRows(x.slice([2], [6]).reshape([2, 2])), data([7, 2]).mul(x.at(6)));
  const point = data([7], 5);
  test("forward mode is reverse mode, and both are differences", () => {
    const slope = grad(f)(point).data;
    slope.forEach((s, i) => {
      const unit = fromData(
        Float64Array.from({ length: 7 }, (_, j) => (i === j ? 1 : 0)),
        [7],
      );
      expect(jvp(f, point, unit).tangent.item()).toBeCloseTo(s, 12);
      const by = (h: number): number => f(point.add(unit.mul(h))).item();
      expect((by(1e-5) - by(-1e-5)) / 2e-5).toBeCloseTo(s, 8);
    });
  });
  test("second derivatives are those of the recurrence in log space", () => {
    close(hessian(f)(point).data, hessian(g)(point).data, 1e-11);
  });
});
