import fc from "fast-check";
import {
  dist,
  exp,
  type LogDensity,
  logDensity,
  plate,
  printProgram,
  sample,
  type Tensor,
  tensor,
  whyNotFinite,
} from "lapilli";
import { describe, expect, test } from "vitest";
import type { Node } from "../../src/compiler/graph.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { inputNode, scalar } from "../../src/compiler/node.ts";
import { passes, withPasses } from "../../src/compiler/passes.ts";
import { topological } from "../../src/compiler/simplify.ts";
import { abs, add, div, maximum, mul, neg, square, sub } from "../../src/ops/arithmetic.ts";
import { exp as expNode, softplus, tanh } from "../../src/ops/elementary.ts";
import { stack } from "../../src/ops/joins.ts";
import { reroll } from "../../src/ops/reroll.ts";
import { at } from "../../src/ops/shape.ts";
import { loopsOf, twins, unrolled } from "./rerollModels.ts";

const pointOf = (ld: LogDensity): Float64Array =>
  Float64Array.from({ length: ld.dim }, (_, i) => 0.3 * Math.sin(i + 1));
/** Log density and gradient at one point. */
function evaluated(ld: LogDensity): number[] {
  const gradient = new Float64Array(ld.dim);
  return [ld.valueAndGrad(pointOf(ld), gradient), ...gradient];
}
function expectClose(a: readonly number[], b: readonly number[]): void {
  expect(a.length).toBe(b.length);
  // Sums that cancel have errors relative to their terms.
  const size = Math.max(1, ...b.map(Math.abs));
  a.forEach((v, i) => expect(Math.abs(v - b[i]!)).toBeLessThanOrEqual(1e-12 * Math.max(size, Math.abs(b[i]!))));
}

describe.each(Object.entries(twins))("%s", (_name, { loop, plate: inPlate }) => {
  const written = logDensity(loop, undefined);
  const plated = logDensity(inPlate, undefined);

  test("a loop has the value and gradient of the plate, and of itself unrolled", () => {
    expectClose(evaluated(written), evaluated(plated));
    expectClose(evaluated(written), evaluated(unrolled(loop)));
  });

  test("a loop has the loops of the plate", () => {
    expect(loopsOf(written).sort()).toEqual(loopsOf(plated).sort());
    const [ours, theirs] = [written, plated].map(({ program }) => program!.code.length);
    expect(ours).toBeLessThan(1.1 * theirs! + 400);
  });
});

describe("what is not rolled", () => {
  const x = Array.from({ length: 40 }, (_, i) => Math.sin(i));
  const sizeOf = (node: Node): number => topological([node]).length;
  const [a, b] = [inputNode([], "float64", "a"), inputNode([], "float64", "b")] as const;
  const total = (terms: readonly Node[]): Node => terms.reduce(add);

  test("fewer than eight terms", () => {
    const [seven, eight] = [7, 8].map((n) => total(x.slice(0, n).map((v) => softplus(mul(a, scalar(v + 2))))));
    expect(reroll([seven!])).toEqual([seven]);
    expect(sizeOf(reroll([eight!])[0]!)).toBeLessThan(sizeOf(eight!) / 2);
  });

  test("a recurrence: every state is an expression in the one before, and only what rows make of their states is rolled", () => {
    let state: Node = scalar(0.5);
    const terms = x.map((v) => {
      state = tanh(add(mul(a, state), scalar(v)));
      return square(sub(state, b));
    });
    const chain = total(terms);
    const [rolled] = reroll([chain]);
    const count = (node: Node, name: string): number => topological([node]).filter((n) => n.op.name === name).length;
    expect([count(chain, "tanh"), count(chain, "square")]).toEqual([40, 40]);
    // The last state is handed on to nobody.
    expect([count(rolled!, "tanh"), count(rolled!, "square")]).toEqual([40, 2]);
    const at = [Float64Array.of(0.4), Float64Array.of(-1)];
    const valueOf = (node: Node): number => interpret([node], [a, b], at)[0]![0]!;
    expectClose([valueOf(rolled!)], [valueOf(chain)]);
  });

  test("a recurrence whose rows add their states and nothing else", () => {
    let state: Node = scalar(0.5);
    const states = x.map((v) => {
      state = tanh(add(mul(a, state), scalar(v)));
      return state;
    });
    const chain = total(states);
    expect(reroll([chain])[0]).toBe(chain);
  });

  test("a recurrence of very many steps before some rows", () => {
    let state: Node = scalar(0.5);
    for (let i = 0; i < 20_000; i++) state = tanh(mul(a, state));
    const terms = x.map((v) => softplus(add(state, scalar(v + 2))));
    const [rolled] = reroll([total(terms)]);
    expect(topological([rolled!]).filter((n) => n.op.name === "softplus").length).toBe(1);
  });

  test("recurrences side by side: together when they are short, apart when they are long", () => {
    const side = (steps: number): Node =>
      total(
        x.map((v) => {
          let state: Node = scalar(v);
          for (let i = 0; i < steps; i++) state = tanh(add(mul(a, state), b));
          return square(state);
        }),
      );
    const [short, long] = [side(10), side(500)];
    expect(sizeOf(reroll([short])[0]!)).toBeLessThan(60);
    expect(reroll([long])[0]).toBe(long);
  });

  test("the recurrence of a model: the densities of its rows are one loop", () => {
    const model = (): void => {
      const phi = sample("phi", dist.Uniform(-1, 1));
      const sigma = sample("sigma", dist.HalfNormal(1));
      let variance: Tensor = tensor(1);
      x.forEach((v, i) => {
        variance = phi.mul(variance).add(v * v);
        sample(`y${i}`, dist.Normal(0, variance.abs().add(sigma)), { obs: v });
      });
    };
    const ld = logDensity(model, undefined);
    expectClose(evaluated(ld), evaluated(unrolled(model)));
    expect(loopsOf(ld)).toEqual(["for i < 39", expect.stringContaining("logProduct(")]);
  });

  test("a lagged value that is data is no recurrence", () => {
    const model = (): void => {
      const phi = sample("phi", dist.Normal(0, 1));
      const sigma = sample("sigma", dist.HalfNormal(1));
      for (let i = 1; i < x.length; i++) sample(`y${i}`, dist.StudentT(3, phi.mul(x[i - 1]!), sigma), { obs: x[i]! });
    };
    expect(loopsOf(logDensity(model, undefined))).toEqual(["for i < 39", expect.stringContaining("logProduct(")]);
  });

  test("different distributions side by side are loops of their own", () => {
    const model = (): void => {
      const mu = sample("mu", dist.Normal(0, 1));
      x.forEach((v, i) => {
        const family = i % 3 === 0 ? dist.Cauchy(mu, 1 + i) : dist.StudentT(4, mu, 1 + i);
        sample(`y${i}`, family, { obs: v });
      });
    };
    const ld = logDensity(model, undefined);
    expect(loopsOf(ld)).toEqual(expect.arrayContaining(["for i < 14", "for i < 26"]));
    expectClose(evaluated(ld), evaluated(unrolled(model)));
  });

  test("a group of rows too small for a loop stays beside the loop", () => {
    const terms = x.map((v, i) => (i % 10 === 0 ? expNode(mul(a, scalar(v))) : softplus(mul(a, scalar(v + 2)))));
    const [rolled] = reroll([total(terms)]);
    const kinds = topological([rolled!]).map((n) => n.op.name);
    expect(kinds.filter((k) => k === "softplus").length).toBe(1);
    expect(kinds.filter((k) => k === "exp").length).toBe(4);
  });

  test("nothing, when the pass is off", () => {
    const chain = total(x.map((v) => softplus(mul(a, scalar(v + 2)))));
    expect(passes().reroll).toBe(true);
    expect(withPasses({ reroll: false }, () => reroll([chain]))[0]).toBe(chain);
  });
});

describe("the graph", () => {
  const variables = [inputNode([], "float64", "a"), inputNode([], "float64", "b")] as const;
  const vector = inputNode([12], "float64", "v");
  const values = [
    Float64Array.of(0.7),
    Float64Array.of(-1.3),
    Float64Array.from({ length: 12 }, (_, i) => Math.cos(i)),
  ];

  /** Rows of one random form on data that are often 0, 1 or −1, so that the algebra of single numbers makes several forms of it. */
  const datum = fc.oneof(fc.constantFrom(0, 1, -1), fc.double({ min: 0.1, max: 2, noNaN: true }));
  type Form = (d: readonly number[], i: number) => Node;
  const form: fc.Arbitrary<Form> = fc.letrec<{ form: Form; leaf: Form }>((tie) => ({
    leaf: fc.oneof(
      fc.constantFrom<Form>(
        () => variables[0],
        () => variables[1],
      ),
      fc.nat(3).map(
        (k): Form =>
          (d) =>
            scalar(d[k]!),
      ),
      fc.nat(11).map(
        (k): Form =>
          (_d, i) =>
            at(vector, (i * 5 + k) % 12),
      ),
    ),
    form: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      tie("leaf"),
      fc.tuple(fc.constantFrom(add, sub, mul, maximum), tie("form"), tie("form")).map(
        ([f, p, q]): Form =>
          (d, i) =>
            f(p(d, i), q(d, i)),
      ),
      fc.tuple(fc.constantFrom(neg, square, abs, softplus, tanh), tie("form")).map(
        ([f, p]): Form =>
          (d, i) =>
            f(p(d, i)),
      ),
      tie("form").map(
        (p): Form =>
          (d, i) =>
            div(p(d, i), add(square(variables[0]), scalar(1))),
      ),
    ),
  })).form;
  const table = fc.array(fc.array(datum, { minLength: 4, maxLength: 4 }), { minLength: 8, maxLength: 24 });

  test("is equal to the one it comes from, whatever the rows and their data", () => {
    let shorter = 0;
    fc.assert(
      fc.property(form, form, table, fc.boolean(), (f, g, data, isTwo) => {
        const terms = data.flatMap((d, i) => (isTwo && i % 2 === 0 ? [f(d, i), neg(g(d, i))] : [f(d, i)]));
        const chain = add(terms.reduce(add), mul(scalar(0.1), add(variables[0], variables[1])));
        const [rolled] = reroll([chain]);
        if (topological([rolled!]).length < topological([chain]).length) shorter++;
        const [[before], [after]] = [chain, rolled!].map((x) => interpret([x], [...variables, vector], values)) as [
          [Float64Array],
          [Float64Array],
        ];
        const size = terms.reduce((s, x) => s + Math.abs(interpret([x], [...variables, vector], values)[0]![0]!), 1);
        expect(Math.abs(after[0]! - before[0]!)).toBeLessThanOrEqual(1e-12 * size);
      }),
      { numRuns: 300 },
    );
    expect(shorter).toBeGreaterThan(200);
  });

  test("keeps a term that is added once and subtracted many times", () => {
    const [a] = variables;
    const chain = add(Array.from({ length: 9 }, () => neg(a)).reduce(add), mul(a, scalar(2)));
    expect(interpret(reroll([add(chain, a)]), [a], [Float64Array.of(3)])[0]![0]).toBe(-18);
  });

  test("rolls sums within rows first: a product of features and slopes, written out", () => {
    const rows = Array.from({ length: 10 }, (_, i) =>
      softplus(Array.from({ length: 12 }, (_, k) => mul(at(vector, k), scalar(Math.sin(i * 12 + k + 1)))).reduce(add)),
    );
    const [rolled] = reroll([rows.reduce(add)]);
    const kinds = topological([rolled!]).map((n) => n.op.name);
    expect(kinds.filter((k) => k === "matmul").length).toBe(1);
    expect(kinds.length).toBeLessThan(15);
  });

  test("rolls pieces that are stacked, and leaves other users of a row its node", () => {
    const [a] = variables;
    const pieces = Array.from({ length: 10 }, (_, i) => tanh(mul(a, scalar(i + 0.5))));
    const outputs = [stack(pieces, 0), pieces[3]!];
    const rolled = reroll(outputs);
    expect(topological([rolled[0]!]).length).toBeLessThan(8);
    expect(rolled[1]).toBe(pieces[3]);
    const [whole, one] = interpret(rolled, [a], [Float64Array.of(0.2)]);
    expect(whole![3]).toBe(one![0]);
  });
});

describe("errors", () => {
  const model = (): void => {
    const mu = sample("mu", dist.Normal(0, 1));
    for (let i = 0; i < 1200; i++) sample(`y${i}`, dist.Normal(mu, i === 700 ? mu.mul(-1) : mu.add(10)), { obs: 1 });
  };

  test("name the row that is not finite, and its line", () => {
    const ld = logDensity(model, undefined);
    expect(whyNotFinite(ld, Float64Array.of(2))).toMatch(
      /sample site "y700".*must be positive, got -2.*reroll\.test\.ts:\d+/,
    );
    expect(() => logDensity(model, undefined, { debugNans: true }).value(Float64Array.of(2))).toThrow(/"y700"/);
    expect(whyNotFinite(ld, Float64Array.of(-1))).toBeUndefined();
  });

  test("of a row's data name the row", () => {
    const bad = (): void => {
      const mu = sample("mu", dist.Normal(0, 1));
      for (let i = 0; i < 50; i++) sample(`y${i}`, dist.Poisson(exp(mu)), { obs: i === 31 ? -1 : 2 });
    };
    expect(() => logDensity(bad, undefined)).toThrow(/"y31"/);
  });
});

test("a model of a thousand rows has the program of one of three hundred, apart from its data", () => {
  const model = (rows: number) => (): void => {
    const tau = sample("tau", dist.HalfNormal(1));
    const theta = plate("group", 8, () => sample("theta", dist.Normal(0, tau)));
    for (let i = 0; i < rows; i++) sample(`y${i}`, dist.StudentT(4, theta.at((3 * i) % 8), tau), { obs: Math.sin(i) });
  };
  // Loop for loop and operation for operation: only numbers of rows, nodes and bytes differ. Both take more than one chunk.
  const [small, large] = [300, 1000].map((rows) =>
    printProgram(logDensity(model(rows), undefined)).replace(/-?[\d.]+(e[+-]?\d+)?/g, "#"),
  );
  expect(large).toBe(small);
});
