import { describe, expect, test } from "vitest";
import { seed } from "../../src/effects/handlers/seed.ts";
import { trace } from "../../src/effects/handlers/trace.ts";
import { ModelError } from "../../src/effects/modelError.ts";
import { deterministic, factor, param, plate, sample } from "../../src/effects/primitives.ts";
import { normal } from "../../src/random/normal.ts";
import { zeros } from "../../src/tensor/create.ts";
import { LOG_PHI_0, positive, unitNormal } from "./standIn.ts";

describe("sample", () => {
  test("returns the observation outside of any handler", () => {
    expect(sample("y", unitNormal(), { obs: 3 }).item()).toBe(3);
  });

  test("needs a key to draw, and says how to get one", () => {
    const message =
      'sample site "mu" has no value and no random key to draw one. Run the model under a seed: seed(model, 0)(data)';
    expect(() => sample("mu", unitNormal())).toThrow(message);
    expect(() => trace(() => sample("mu", unitNormal())).get()).toThrow(message);
  });

  test.each([
    [
      "no distribution",
      () => sample("x", 1 as never),
      'sample site "x": the second argument has to be a distribution, like dist.Normal(0, 1), got 1',
    ],
    ["a constructor", () => sample("x", unitNormal as never), "got a function (call it with its arguments?)"],
    [
      "no name",
      () => sample("", unitNormal()),
      "sample: the first argument has to be the site's name, a string that isn't empty, got \"\"",
    ],
    [
      "no name at all",
      () => sample(unitNormal() as never, unitNormal()),
      "sample: the first argument has to be the site's name",
    ],
    [
      "bare data",
      () => sample("x", unitNormal(), [1, 2] as never),
      'sample site "x": the last argument has to be an object of options, like { obs: … }; the fields are obs, mask, infer',
    ],
    [
      "a misspelt option",
      () => sample("x", unitNormal(), { observed: 1 } as object),
      'sample site "x": unknown option "observed"',
    ],
    [
      "strings as data",
      () => sample("x", unitNormal(), { obs: "abc" as never }),
      'sample site "x": A tensor was expected',
    ],
  ])("%s", (_, fn, message) => {
    expect(fn).toThrow(message);
  });

  test("has the distribution check observed values, but not masked ones", () => {
    expect(() => sample("y", unitNormal([0, 0]), { obs: [Number.NaN, 1] })).toThrow('site "y": some values are NaN');
    const t = trace(() => sample("y", unitNormal([0, 0]), { obs: [Number.NaN, 0], mask: [false, true] })).get();
    expect(t.logProbSum().item()).toBeCloseTo(LOG_PHI_0, 14);
  });

  test("a mask that doesn't fit", () => {
    expect(() => plate("n", 3, () => sample("y", unitNormal(), { obs: 0, mask: [true, false] }))).toThrow(
      'sample site "y": its mask has shape [2], which doesn\'t broadcast to the batch shape [3] (plate "n" (dim -1, size 3)). A mask covers batch axes only',
    );
    expect(() => sample("y", unitNormal(zeros([2]), 1), { obs: [0, 0], mask: [true, false] })).toThrow(
      "A mask covers batch axes only",
    );
  });

  test("returns the very tensor that was given when its shape fits", () => {
    const y = zeros([2]);
    expect(sample("y", unitNormal([0, 0]), { obs: y })).toBe(y);
  });
});

describe("param", () => {
  test("starts where it is told", () => {
    expect(param("w", [1, 2]).toArray()).toEqual([1, 2]);
    const t = trace(seed(() => param("w", (key) => normal(key, [3])), 0)).get();
    expect(t.value("w").shape).toEqual([3]);
    expect(t.get("w")).toMatchObject({ kind: "param", eventDim: undefined, scale: 1 });
  });

  test("a random start without a key", () => {
    expect(() => param("w", (key) => normal(key, [3]))).toThrow(
      'param site "w" starts at a function of a random key and there is none. Run the model under a seed',
    );
  });

  test("a start outside of the constraint", () => {
    expect(() => param("scale", [1, -2], { constraint: positive })).toThrow(
      'param site "scale" starts at [1, -2] (shape [2]), which is not greater than 0. Start inside of positive',
    );
    expect(param("scale", [1, 2], { constraint: positive }).toArray()).toEqual([1, 2]);
  });
});

describe("deterministic and factor", () => {
  test("record", () => {
    const t = trace(() => {
      factor("bonus", [1, 2]);
      return deterministic("d", [3, 4]).toArray();
    }).get();
    expect(t.result).toEqual([3, 4]);
    expect(t.names).toEqual(["bonus", "d"]);
    expect(t.logProbSum().item()).toBe(3);
  });

  test("undefined values", () => {
    expect(() => deterministic("d", undefined as never)).toThrow(
      'deterministic site "d": A tensor was expected, got undefined',
    );
    expect(() => factor("f", undefined as never)).toThrow(ModelError);
  });
});
