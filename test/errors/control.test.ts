/** Loops, branches and compiled functions called the wrong way. */
import {
  cond,
  dist,
  jit,
  logDensity,
  odeint,
  printProgram,
  sample,
  scan,
  switchCase,
  type Tensor,
  tensor,
  whileLoop,
} from "lapilli";
import { describe, expect, test } from "vitest";
import { complaint, wrong } from "./message.ts";

const same = (x: Tensor): Tensor => x;
const step = (c: Tensor, x: Tensor): [Tensor, Tensor] => [c.add(x), x];

describe("options", () => {
  const ofScan = 'There are "length", "reverse", "checkpoint".';
  const ofOdeint = 'There are "args", "rtol", "atol", "maxSteps".';
  test.each<[string, () => unknown, string]>([
    [
      "scan, misspelt",
      () => wrong(scan)(step, 0, [1], { revers: true }),
      `scan: unknown option "revers"; did you mean "reverse"? ${ofScan}`,
    ],
    [
      "scan, a length",
      () => wrong(scan)(step, 0, undefined, { lenght: 3 }),
      `scan: unknown option "lenght"; did you mean "length"? ${ofScan}`,
    ],
    [
      "scan, no object",
      () => wrong(scan)(step, 0, [1], 5),
      "scan: the options have to be an object, like { reverse: true }, got 5.",
    ],
    ["scan, no flag", () => wrong(scan)(step, 0, [1], { reverse: 1 }), "scan: `reverse` must be true or false, got 1."],
    [
      "scan, no checkpoint",
      () => wrong(scan)(step, 0, [1], { checkpoint: "yes" }),
      'scan: `checkpoint` must be true, false, or after how many steps a carry is kept (a whole number, 1 or more), got the string "yes".',
    ],
    [
      "whileLoop, none",
      () => wrong(whileLoop)(same, same, 1),
      "whileLoop: the options have to be an object, like { maxSteps: 100 }, got undefined.",
    ],
    [
      "whileLoop, empty",
      () => wrong(whileLoop)(same, same, 1, {}),
      "whileLoop: `maxSteps` is missing: give { maxSteps: 100 }, the most steps there may be; it bounds the memory for derivatives.",
    ],
    [
      "whileLoop, misspelt",
      () => wrong(whileLoop)(same, same, 1, { maxStep: 3 }),
      'whileLoop: unknown option "maxStep"; did you mean "maxSteps"? There is "maxSteps".',
    ],
    [
      "odeint, misspelt",
      () => wrong(odeint)(same, 1, [0, 1], { rTol: 1e-9 }),
      `odeint: unknown option "rTol"; did you mean "rtol"? ${ofOdeint}`,
    ],
    [
      "odeint, a string",
      () => wrong(odeint)(same, 1, [0, 1], { rtol: "1e-6" }),
      'odeint: `rtol` must be a positive number, got the string "1e-6".',
    ],
    [
      "jit, which has none",
      () => wrong(jit)(same, { static: true }),
      "jit: takes one function and has no options, got an object with keys static besides.",
    ],
  ])("of %s", (_, run, expected) => {
    expect(complaint(run)).toBe(expected);
  });

  test("undefined means the default", () => {
    const options = wrong({ length: undefined, reverse: undefined, checkpoint: undefined });
    expect(scan(step, 0, [1, 2], options).carry.item()).toBe(3);
    expect(odeint(same, 1, [0], wrong({ rtol: undefined, atol: undefined, maxSteps: undefined })).toArray()).toEqual([
      1,
    ]);
  });
});

describe("functions in the wrong place", () => {
  const ofBranches =
    "switchCase: the branches have to be an array of at least one function, as in switchCase(index, [f, g, …], ...operands), got";
  test.each<[string, () => unknown, string]>([
    [
      "scan",
      () => wrong(scan)(0, step, [1]),
      "scan: the first argument has to be a function, as in scan(f, init, xs, options), got 0.",
    ],
    [
      "whileLoop",
      () => wrong(whileLoop)(1, same, same, { maxSteps: 3 }),
      "whileLoop: the condition has to be a function, as in whileLoop(condition, body, init, { maxSteps: 100 }), got 1.",
    ],
    [
      "cond, one branch",
      () => wrong(cond)(true, same),
      "cond: onFalse has to be a function, as in cond(predicate, onTrue, onFalse, ...operands), got undefined.",
    ],
    [
      "cond, operands first",
      () => wrong(cond)(true, [1], same, same),
      "cond: onTrue has to be a function, as in cond(predicate, onTrue, onFalse, ...operands), got an array of length 1.",
    ],
    ["switchCase, no branches", () => wrong(switchCase)(1), `${ofBranches} undefined.`],
    ["switchCase, branches one by one", () => wrong(switchCase)(1, same, same), `${ofBranches} a function.`],
    [
      "switchCase, a number",
      () => wrong(switchCase)(1, [same, 3], 1),
      "switchCase: branch 1 has to be a function, as in switchCase(index, [f, g, …], ...operands), got 3.",
    ],
    [
      "odeint",
      () => wrong(odeint)(1, same, [0, 1]),
      "odeint: the first argument has to be a function, as in odeint(f, y0, ts, options), got 1.",
    ],
    ["jit", () => wrong(jit)(3), "jit: the argument has to be a function, as in jit((x, y) => x.add(y)), got 3."],
  ])("%s", (_, run, expected) => {
    expect(complaint(run)).toBe(expected);
  });
});

describe("a vector where several numbers were meant", () => {
  const advice =
    "For its elements use x.at(0), x.at(1), … or toArray(). To carry several numbers through a loop, begin with a tree: [tensor(0), tensor(1)], not [0, 1].";
  test("as the carry of a loop", () => {
    const message = complaint(() => wrong(scan)(([a, b]: Tensor[], x: Tensor) => [[b, a], x], [0, 1], [1, 2]));
    expect(message).toMatch(
      /^A tensor is not iterable: the tensor "carry" \(shape \[2\], made at \S*control\.test\.ts:\d+:\d+\) is one tensor of shape \[2\]\. /,
    );
    expect(message).toContain(advice);
    const right = scan(([a, b], x) => [[b, a.add(x)], x], [tensor(0), tensor(1)], [1, 2]);
    expect(right.carry.map((x) => x.item())).toEqual([1 + 0, 1 + 2]);
  });
  test.each<[string, (x: Tensor) => unknown]>([
    ["spread", (x) => [...wrong(x)]],
    [
      "for … of",
      (x) => {
        for (const y of wrong(x)) return y;
        return undefined;
      },
    ],
    ["Array.from", (x) => Array.from(wrong(x))],
    ["a typed array", (x) => new Float64Array(wrong(x))],
    [
      "destructured",
      (x) => {
        // @ts-expect-error a tensor has no iterator in its type
        const [a] = x;
        return a;
      },
    ],
  ])("%s", (_, use) => {
    expect(complaint(() => use(tensor([1, 2])))).toBe(
      `A tensor is not iterable: this is one tensor of shape [2]. ${advice}`,
    );
  });
});

describe("compiled functions", () => {
  const sum = jit((x: Tensor, y: Tensor) => x.add(y));
  test("an argument that is no tensor", () => {
    expect(complaint(() => sum(1, wrong("a")))).toBe(
      'jit: argument 2: A tensor was expected, got the string "a". Give a number, a (nested) array of numbers, a typed array or a Tensor.',
    );
    expect(complaint(() => sum(wrong(undefined), 1))).toBe(
      "jit: argument 1: A tensor was expected, got undefined. Is a field missing from the data, or misspelt?",
    );
  });
  test("no result, and one that is no tensor", () => {
    const none = jit((x: Tensor) => {
      x.add(1);
    });
    expect(complaint(() => none(1))).toBe(
      "jit: the function returns nothing; it has to return a tensor or a tree of tensors. Is a `return` missing?",
    );
    expect(complaint(() => jit((x: Tensor) => ({ x, name: "x" }))(1))).toContain(
      'jit: what the function returns: A tensor was expected, got the string "x".',
    );
  });
  test("printProgram takes log densities", () => {
    const text = "printProgram: takes a log density, as in printProgram(logDensity(model, data)), got";
    expect(complaint(() => printProgram(wrong({})))).toBe(`${text} an object with keys (none).`);
    expect(complaint(() => printProgram(wrong(sum)))).toBe(`${text} a function.`);
    expect(complaint(() => printProgram(wrong(undefined)))).toBe(`${text} undefined.`);
    expect(printProgram(logDensity(() => sample("x", dist.Normal(0, 1)), {}))).toContain("input");
  });
});

describe("odeint", () => {
  test("into a NaN tells the last time that was reached", () => {
    expect(complaint(() => odeint((y) => y.square(), 1, [0, 0.5, 2, 3]))).toMatch(
      /^odeint: the solution is NaN from time 2 on; time 0\.5 was reached\. Either the function gave NaN, or 1000 steps did not suffice/,
    );
    expect(complaint(() => odeint(same, Number.NaN, [0, 1]))).toBe("odeint: y0 is NaN.");
  });
  test("with the time first", () => {
    expect(complaint(() => wrong(odeint)((_t: Tensor, y: Tensor) => y, [1, 2], [0, 1]))).toContain(
      "its derivative from the function []; they must agree. The function's arguments are (y, t, args).",
    );
  });
});
