import {
  deterministic,
  dist,
  exp,
  type LogDensity,
  logDensity,
  plate,
  printProgram,
  sample,
  whyNotFinite,
} from "lapilli";
import { describe, expect, test } from "vitest";
import { inputNode } from "../../src/compiler/node.ts";
import { mul, square } from "../../src/ops/arithmetic.ts";
import { stack } from "../../src/ops/joins.ts";
import { sum } from "../../src/ops/reduce.ts";
import { joinInputs } from "../../src/ops/rerollInputs.ts";
import { at } from "../../src/ops/shape.ts";
import { loopsOf, unrolled } from "./rerollModels.ts";

const counts = (rows: number): number[] => Array.from({ length: rows }, (_, i) => (7 * i) % 5);
const levels = (rows: number) => (): void => {
  const y = counts(rows);
  const mu = sample("mu", dist.Normal(0, 1));
  for (let i = 0; i < rows; i++) {
    const theta = sample(`theta${i}`, dist.Normal(mu, 2));
    sample(`y${i}`, dist.Poisson(exp(theta)), { obs: y[i]! });
  }
};
const inPlate = (rows: number) => (): void => {
  const mu = sample("mu", dist.Normal(0, 1));
  plate("rows", rows, () => {
    const theta = sample("theta", dist.Normal(mu, 2));
    sample("y", dist.Poisson(exp(theta)), { obs: counts(rows) });
  });
};

const pointOf = (ld: LogDensity): Float64Array =>
  Float64Array.from({ length: ld.dim }, (_, i) => 0.4 * Math.sin(i + 1));
function evaluated(ld: LogDensity): number[] {
  const gradient = new Float64Array(ld.dim);
  return [ld.valueAndGrad(pointOf(ld), gradient), ...gradient];
}
function expectClose(a: readonly number[], b: readonly number[]): void {
  const size = Math.max(1, ...b.map(Math.abs));
  expect(a.length).toBe(b.length);
  a.forEach((v, i) => expect(Math.abs(v - b[i]!)).toBeLessThanOrEqual(1e-13 * size));
}

describe.each([8, 9, 100])("%d latent sites written in a loop", (rows) => {
  const written = logDensity(levels(rows), undefined);

  test("are one input, with the value and gradient of the plate, of each by itself, and of the interpreter", () => {
    expect(printProgram(written)).toContain(`theta${rows - 1} [`);
    expect(written.program!.inputs.length).toBeLessThan(3);
    const expected = evaluated(logDensity(inPlate(rows), undefined));
    expectClose(evaluated(written), expected);
    expectClose(evaluated(unrolled(levels(rows))), expected);
    expectClose(evaluated(logDensity(levels(rows), undefined, { interpret: true })), expected);
  });

  test("keep their names, their places and their values", () => {
    expect(written.names).toEqual(["mu", ...Array.from({ length: rows }, (_, i) => `theta${i}`)]);
    expect(written.sites.map(({ offset }) => offset)).toEqual(Array.from({ length: rows + 1 }, (_, i) => i));
    expect(written.flatSites).toEqual([]);
    const x = pointOf(written);
    expect(written.constrain(x)[`theta${rows - 1}`]!.item()).toBe(x[rows]);
  });
});

test("code does not grow with the sites", () => {
  const bytes = (rows: number): number => logDensity(levels(rows), undefined).program!.code.length;
  expect(bytes(400)).toBeLessThan(1.1 * bytes(200));
  expect(loopsOf(logDensity(levels(100), undefined)).length).toBeLessThan(6);
});

test("a gradient that is not finite still names its coordinate", () => {
  const ld = logDensity(levels(20), undefined);
  const x = pointOf(ld);
  x[5] = 800;
  expect(whyNotFinite(ld, x)).toContain("y4");
});

test("sites with transforms, two to a row, are joined where they follow each other", () => {
  const pairs = (): void => {
    for (let i = 0; i < 12; i++) {
      const a = sample(`a${i}`, dist.Normal(0, 1));
      const b = sample(`b${i}`, dist.HalfNormal(1));
      deterministic(`c${i}`, a.mul(b));
      sample(`y${i}`, dist.Normal(a.mul(b), 1), { obs: i / 3 });
    }
  };
  const ld = logDensity(pairs, undefined);
  expect(ld.program!.inputs.length).toBe(1);
  expectClose(evaluated(ld), evaluated(unrolled(pairs)));
});

describe("what stays by itself", () => {
  const inputs = Array.from({ length: 10 }, (_, i) => inputNode([], "float64", `x${i}`));
  const total = (xs: readonly (typeof inputs)[number][]) => sum(square(stack(xs, 0)), [0]);

  test("fewer than eight neighbours", () => {
    const output = mul(total(inputs.slice(0, 7)), inputs[9]!);
    expect(joinInputs([output], inputs)).toEqual({ outputs: [output], inputs });
  });

  test("inputs that nobody stacks", () => {
    const output = inputs.reduce(mul);
    expect(joinInputs([output], inputs)).toEqual({ outputs: [output], inputs });
  });

  test("neighbours of another shape", () => {
    const wide = inputNode([2], "float64", "wide");
    const mixed = [...inputs.slice(0, 4), wide, ...inputs.slice(4)];
    const output = mul(total(inputs), at(wide, 1));
    expect(joinInputs([output], mixed).inputs).toEqual(mixed);
  });
});
