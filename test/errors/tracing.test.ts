/** Values of traced tensors: asked for, used with operators, put into strings. */
import { dist, factor, logDensity, sample, type Tensor, tensor, zeros } from "lapilli";
import { describe, expect, test } from "vitest";
import { complaint, wrong } from "./message.ts";

const using = (body: (mu: Tensor) => unknown): string =>
  complaint(() =>
    logDensity(() => {
      body(sample("mu", dist.Normal(0, 1)));
    }, {}),
  );

describe("the value of a parameter", () => {
  test.each<[string, (mu: Tensor) => unknown]>([
    ["item()", (mu) => mu.item()],
    ["data", (mu) => mu.data],
    ["toArray()", (mu) => mu.toArray()],
    ["toArray()", (mu) => JSON.stringify(mu)],
  ])("%s", (name, read) => {
    const message = using(read);
    expect(message).toMatch(/^The model failed at \S*tracing\.test\.ts:\d+:\d+, after sample site "mu": /);
    expect(message).toMatch(
      new RegExp(
        `: ${name.replace("()", "\\(\\)")}: the tensor "mu" \\(shape \\[\\], made at \\S*tracing\\.test\\.ts:\\d+:\\d+\\) has no value while the model is traced`,
      ),
    );
    expect(message).toContain("where(condition, a, b) instead of `if`");
  });

  test("of something computed names the operation", () => {
    expect(using((mu) => mu.exp().add(1).item())).toMatch(
      /item\(\): a result of add \(shape \[\], made at \S*tracing\.test\.ts:\d+:\d+\) has no value/,
    );
  });
});

describe("JavaScript's operators", () => {
  test.each<[string, (mu: Tensor) => unknown]>([
    ["mu > 0", (mu) => wrong(mu) > 0],
    ["mu + 1", (mu) => wrong(mu) + 1],
    ["2 * mu", (mu) => 2 * wrong(mu)],
    ["-mu", (mu) => -wrong(mu)],
    // biome-ignore lint/suspicious/noDoubleEquals: it converts, which is the point
    ["mu == 1", (mu) => wrong(mu) == 1],
    ["Math.exp(mu)", (mu) => Math.exp(wrong(mu))],
    ["Math.max(mu, 0)", (mu) => Math.max(wrong(mu), 0)],
    // biome-ignore lint/style/useTemplate: it adds, which is the point
    ["string + mu", (mu) => "z" + wrong(mu)],
    ["array + mu", (mu) => wrong([1, 2]) + mu],
  ])("%s", (_, use) => {
    const message = using(use);
    expect(message).toContain(
      `JavaScript's operators and Math work on numbers, not on tensors: the tensor "mu" (shape [], made at`,
    );
    expect(message).toContain(
      "Write x.add(1) for x + 1, exp(x) for Math.exp(x), where(greater(x, 0), a, b) for x > 0 ? a : b.",
    );
  });

  test("work on single numbers that are known, and on no vectors", () => {
    expect(wrong(tensor(2)) + 1).toBe(3);
    expect(complaint(() => wrong(tensor([1, 2])) + 1)).toContain(
      "not on tensors: a result of constant (shape [2]) met one",
    );
  });

  test("truth can't be caught: every object is true, so `if (mu)` always takes its branch", () => {
    const ld = logDensity(() => {
      if (sample("mu", dist.Normal(0, 1))) factor("taken", 1);
    }, {});
    expect(ld.value(Float64Array.of(0))).toBeCloseTo(1 - 0.5 * Math.log(2 * Math.PI), 12);
  });
});

describe("strings", () => {
  test("print a tensor", () => {
    const seen: string[] = [];
    logDensity(() => seen.push(`${sample("mu", dist.Normal(0, 1))}`), {});
    expect(seen).toEqual(["Tensor(traced, shape [], float64)"]);
  });

  test("with a tensor are no names", () => {
    expect(using((mu) => sample(`z${mu}`, dist.Normal(0, 1)))).toContain(
      'sample: the name "zTensor(traced, shape [], float64)" contains a tensor. A name has to be the same in every run',
    );
  });

  test("and no arguments", () => {
    expect(using((mu) => dist.Normal(wrong(`${mu}`), 1))).toContain(
      'Normal: loc: A tensor was expected, got the string "Tensor(traced, shape [], float64)". A tensor was put into a string: pass the tensor itself.',
    );
  });
});

describe("tensors are no arrays", () => {
  test("elements are at(i), the length is shape[0]", () => {
    expect(using((mu) => dist.Normal(wrong(mu)[0], 1))).toContain("Normal: loc is undefined.");
    expect(using((mu) => wrong(mu).map((v: unknown) => v))).toContain("map is not a function");
  });

  test("arrays may hold tensors of one shape", () => {
    expect(logDensity(() => sample("z", dist.Normal(wrong([sample("mu", dist.Normal(0, 1)), 1]), 1)), {}).dim).toBe(3);
    expect(using((mu) => dist.Normal(wrong([mu, [1, 2]]), 1))).toContain(
      "Normal: loc: stack: tensor 1 has shape [2], the first []",
    );
  });

  test("what is no number stays none", () => {
    expect(using((mu) => mu.add(wrong("1")))).toContain('A tensor was expected, got the string "1"');
    expect(using((mu) => wrong(mu).add())).toContain(
      "A tensor was expected, got undefined. Is a field missing from the data, or misspelt?",
    );
    expect(using((mu) => mu.add(wrong(dist.Normal(0, 1))))).toContain(
      "got a distribution (Normal). Draw from it first",
    );
  });
});

test("printed tensors show what is no number, and are cut when long", () => {
  expect(
    String(
      tensor([
        [1, Number.NaN],
        [Number.POSITIVE_INFINITY, -0.5],
      ]),
    ),
  ).toBe("Tensor([[1,NaN],[Infinity,-0.5]], shape [2, 2], float64)");
  expect(String(tensor([true, false]))).toBe("Tensor([true,false], shape [2], bool)");
  expect(String(zeros([1000]))).toBe("Tensor([0,0,0,0,0,0,…], shape [1000], float64)");
});
