/** Much straight-line code: cut into functions that the engine takes and optimises. */
import { dist, exp, factor, logDensity, plate, sample, softplus, type Tensor, tanh, tensor } from "lapilli";
import { expect, test } from "vitest";

/** Sizes of the bodies in a module's code section. */
function bodySizes(code: Uint8Array): number[] {
  let at = 8;
  const unsigned = (): number => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = code[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
      shift += 7;
    }
  };
  while (at < code.length) {
    const id = code[at++];
    const size = unsigned();
    if (id !== 10) {
      at += size;
      continue;
    }
    return Array.from({ length: unsigned() }, () => {
      const length = unsigned();
      at += length;
      return length;
    });
  }
  return [];
}

test("a thousand different scalar expressions make no function above 15 kB", () => {
  const model = (): void => {
    let x: Tensor = sample("x0", dist.Normal(0, 1));
    for (let i = 1; i < 200; i++) {
      x = i % 2 ? exp(x.mul(0.1)).sub(i) : x.tanh().mul(i).add(1);
      sample(`y${i}`, dist.Normal(x, 1 + (i % 7)), { obs: i });
    }
  };
  const options = { passes: { reroll: false, summarise: false } };
  const compiled = logDensity(model, undefined, options);
  const plain = logDensity(model, undefined, { ...options, interpret: true });
  expect(compiled.interpreted).toBeUndefined();
  expect(Math.max(...bodySizes(compiled.program!.code))).toBeLessThan(15_000);
  const [g, h] = [new Float64Array(1), new Float64Array(1)];
  const value = compiled.valueAndGrad(Float64Array.of(0.3), g);
  expect(Math.abs(value / plain.valueAndGrad(Float64Array.of(0.3), h) - 1)).toBeLessThan(1e-13);
  expect(Math.abs(g[0]! / h[0]! - 1)).toBeLessThan(1e-10);
});

test("sixty plates of different lengths make no function above 15 kB", () => {
  const model = (): void => {
    const a = sample("a", dist.Normal(0, 1));
    const s = sample("s", dist.HalfNormal(1));
    for (let p = 0; p < 60; p++) {
      const x = Float64Array.from({ length: 150 + 7 * p }, (_, i) => ((i * 37 + p) % 101) / 50 - 1);
      plate(`rows${p}`, x.length, () => sample(`y${p}`, dist.StudentT(3, a.mul(x).tanh(), s.mul(x).exp()), { obs: x }));
    }
  };
  const compiled = logDensity(model, undefined);
  expect(compiled.interpreted).toBeUndefined();
  expect(Math.max(...bodySizes(compiled.program!.code))).toBeLessThan(15_000);
  const plain = logDensity(model, undefined, { interpret: true });
  const [g, h] = [new Float64Array(2), new Float64Array(2)];
  const point = Float64Array.of(0.3, -0.2);
  expect(Math.abs(compiled.valueAndGrad(point, g) / plain.valueAndGrad(point, h) - 1)).toBeLessThan(1e-12);
  g.forEach((x, i) => expect(Math.abs(x / h[i]! - 1)).toBeLessThan(1e-10));
});

test("a long expression over one plate makes no function above 15 kB", () => {
  const rows = 333;
  const model = (): void => {
    const a = sample("a", dist.Normal(0, 1).expand([40]));
    let total: Tensor = tensor(0);
    for (let p = 0; p < 40; p++) {
      const x = Float64Array.from({ length: rows }, (_, i) => ((i * 37 + p * 13) % 331) / 165 - 1);
      const u = a.at(p).mul(x).add(total);
      total = (p % 2 ? tanh(u) : softplus(u)).mul(1 + (p % 3));
    }
    factor("total", total.sum());
  };
  const compiled = logDensity(model, undefined);
  expect(compiled.interpreted).toBeUndefined();
  expect(Math.max(...bodySizes(compiled.program!.code))).toBeLessThan(15_000);
});

test("unknown switches are refused by name", () => {
  const model = (): void => {
    sample("x", dist.Normal(0, 1));
  };
  expect(() => logDensity(model, undefined, { passes: { summarize: false } as never })).toThrow(
    'logDensity: passes: unknown option "summarize"; did you mean "summarise"? There are "summarise", "logProducts", "reroll"',
  );
});
