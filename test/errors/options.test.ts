/** Options of samplers and log densities. */
import { dist, hmc, key, logDensity, nuts, sample } from "lapilli";
import { describe, expect, test } from "vitest";
import { allPasses, passes as currentPasses, withPasses } from "../../src/compiler/passes.ts";
import { complaint, rejection, wrong } from "./message.ts";

const model = (): void => {
  sample("x", dist.Normal(0, 1));
};
const quick = { chains: 1, warmup: 20, draws: 20, progress: false };
const failing = (options: unknown): Promise<string> =>
  rejection(
    wrong(nuts)(model, {}, options !== null && typeof options === "object" ? { ...quick, ...options } : options),
  );

describe("unknown options", () => {
  test.each([
    ["drwas", 'nuts: unknown option "drwas"; did you mean "draws"? There are "chains", "seed", "warmup", "draws",'],
    ["warmUp", 'did you mean "warmup"?'],
    ["targetAccept", 'did you mean "targetAcceptance"?'],
    ["num_samples", 'nuts: unknown option "num_samples"; here it is called "draws".'],
    ["tune", 'here it is called "warmup"'],
    ["max_tree_depth", 'here it is called "maxDepth"'],
    ["rng_key", 'here it is called "seed"'],
    ["init", 'here it is called "initial"'],
    ["algorithm", 'nuts: unknown option "algorithm". There are'],
    ["names", 'nuts: unknown option "names"'],
    ["toString", 'nuts: unknown option "toString"'],
  ])("%s", async (name, expected) => {
    expect(await failing({ [name]: 100 })).toContain(expected);
  });

  test("of hmc and logDensity", async () => {
    expect(await rejection(wrong(hmc)(model, {}, { drwas: 1 }))).toContain(
      'hmc: unknown option "drwas"; did you mean "draws"?',
    );
    expect(complaint(() => logDensity(model, {}, wrong({ debugNaN: true })))).toBe(
      'logDensity: unknown option "debugNaN"; did you mean "debugNans"? There are "interpret", "debugNans", "passes".',
    );
  });

  test("of passes: names and values; undefined means the default", async () => {
    const passes = (given: unknown): unknown => logDensity(model, {}, wrong({ passes: given }));
    expect(complaint(() => passes({ fuse: false }))).toContain(
      'logDensity: passes: unknown option "fuse". There are "summarise", "logProducts"',
    );
    expect(complaint(() => passes({ summarize: false }))).toContain('"summarize"; did you mean "summarise"?');
    expect(complaint(() => passes({ summarise: "no" }))).toBe(
      'logDensity: passes: `summarise` must be true or false, got the string "no".',
    );
    expect(complaint(() => passes(3))).toBe(
      "logDensity: `passes` must be an object of switches like { summarise: false }, got 3.",
    );
    expect(await failing({ passes: { fuse: false } })).toContain('nuts: passes: unknown option "fuse".');
    const inForce = withPasses(wrong({ summarise: undefined, reroll: false }), currentPasses);
    expect(inForce).toEqual({ ...allPasses, reroll: false });
    passes({ summarise: undefined });
    passes(undefined);
  });

  test("of the other sampler", async () => {
    expect(await failing({ trajectoryLength: 1 })).toBe(
      "nuts: `trajectoryLength` is an option of hmc; nuts has `maxDepth` instead. Leave it out, or call hmc.",
    );
    expect(await rejection(hmc(model, {}, { ...quick, maxDepth: 5 }))).toBe(
      "hmc: `maxDepth` is an option of nuts; hmc has `trajectoryLength` instead. Leave it out, or call nuts.",
    );
    expect(await failing({ trajectorylength: 1 })).not.toContain('"trajectoryLength"');
    await nuts(model, {}, wrong({ ...quick, trajectoryLength: undefined }));
    await hmc(model, {}, { ...quick, trajectoryLength: 1 });
  });

  test("no object", async () => {
    const end = "have to be an object, like { chains: 4, draws: 1000, seed: 0 }, got";
    expect(await failing(null)).toBe(`nuts: the options ${end} null.`);
    expect(await failing(1000)).toBe(`nuts: the options ${end} 1000.`);
    expect(await rejection(wrong(nuts)(model, {}, [1]))).toBe(`nuts: the options ${end} an array of length 1.`);
  });
});

describe("values out of range", () => {
  test.each<[object, string]>([
    [{ chains: 0 }, "nuts: `chains` must be a whole number, 1 or more, got 0."],
    [{ chains: "4" }, 'nuts: `chains` must be a whole number, 1 or more, got the string "4".'],
    [{ warmup: -1 }, "nuts: `warmup` must be a whole number, 0 or more, got -1."],
    [{ draws: -5 }, "nuts: `draws` must be a whole number, 0 or more, got -5."],
    [{ draws: "100" }, 'nuts: `draws` must be a whole number, 0 or more, got the string "100".'],
    [{ targetAcceptance: 80 }, "nuts: `targetAcceptance` must be a number strictly between 0 and 1, got 80."],
    [{ maxDepth: 0 }, "nuts: `maxDepth` must be a whole number from 1 to 30, got 0."],
    [{ seed: Number.NaN }, "nuts: `seed` must be a finite number, a string or a key, got NaN."],
    [{ seed: {} }, "nuts: `seed` must be a finite number, a string or a key, got an object with keys (none)."],
    [{ seed: null }, "nuts: `seed` must be a finite number, a string or a key, got null."],
    [{ progress: "no" }, 'nuts: `progress` must be true or false, got the string "no".'],
    [{ strategy: "worker" }, 'nuts: `strategy` must be "auto", "inProcess" or "workers", got the string "worker".'],
    [{ workers: 0 }, "nuts: `workers` must be a whole number, 1 or more, got 0."],
    [{ onProgress: true }, "nuts: `onProgress` must be a function, got true."],
    [{ signal: {} }, "nuts: `signal` must be an AbortSignal, such as new AbortController().signal, got an object"],
    [
      { initial: [[0.5]] },
      "nuts: `initial` has to hold values by site, { x: … }, or a Float64Array of 1 unconstrained coordinates for each chain; chain 0 has an array of length 1.",
    ],
    [{ initial: [{ x: 0 }, { x: 1 }] }, "nuts: `initial` has 2 starting points for 1 chains."],
    [{ initial: { y: 0 } }, 'nuts: `initial`: the model has no site "y". There is "x".'],
    [
      { initial: { x: Number.NaN } },
      'nuts: `initial`: the value of "x" lies outside its support real: Tensor(NaN, shape [], float64) must be a finite real number.',
    ],
    [{ scale: new Float64Array(2) }, "nuts: `scale` has 2 numbers but the density 1 unconstrained coordinates."],
    [
      { strategy: "workers", debugNans: true },
      'nuts: `strategy` can\'t be "workers" with debugNans, which works in this thread only. Leave one of them out.',
    ],
    [{ initial: [new Float64Array(3)] }, "nuts: `initial` has 3 numbers but the density 1 unconstrained coordinates."],
  ])("%j", async (options, expected) => {
    expect(await failing(options)).toContain(expected);
  });
});

describe("undefined means the default, keys are seeds, and starts are given by site", () => {
  test("undefined", async () => {
    const fit = await nuts(model, {}, {
      ...quick,
      seed: undefined,
      targetAcceptance: undefined,
      initial: undefined,
    } as object);
    const plain = await nuts(model, {}, quick);
    expect(fit.draws("x").toArray()).toEqual(plain.draws("x").toArray());
  });
  test("a key", async () => {
    const [fit, plain] = [
      await nuts(model, {}, { ...quick, seed: key(3) }),
      await nuts(model, {}, { ...quick, seed: 3 }),
    ];
    expect(fit.draws("x").toArray()).toEqual(plain.draws("x").toArray());
  });
  test("a start", async () => {
    const options = { ...quick, warmup: 0, stepSize: 1e-3, draws: 1 };
    for (const initial of [{ x: 1.5 }, [{ x: 1.5 }], [Float64Array.of(1.5)]])
      expect(Math.abs((await nuts(model, {}, { ...options, initial })).draws("x").item() - 1.5)).toBeLessThan(1.2);
  });
});

describe("asking a fit for what it hasn't", () => {
  const fit = nuts(
    () => {
      sample("mu", dist.Normal(0, 1));
      sample("theta", dist.Normal([0, 0, 0], 1));
    },
    {},
    quick,
  );
  test.each<[unknown, string]>([
    ["nope", 'The fit has no site "nope". There are "mu", "theta". Observed sites have none.'],
    ["theat", 'The fit has no site "theat"; did you mean "theta"? There are "mu", "theta". Observed sites have none.'],
    [
      "theta[2]",
      'The fit has no site "theta[2]", but "theta" of shape [1, 20, 3], [chains, draws, …]: take draws("theta") and pick elements along the last axes.',
    ],
    ["toString", 'The fit has no site "toString".'],
    [undefined, 'The fit has no site "undefined".'],
  ])("%s", async (name, expected) => {
    const { draws } = await fit;
    expect(complaint(() => draws(wrong(name)))).toContain(expected);
  });

  test("a summary of no draws", async () => {
    const none = await nuts(model, {}, { ...quick, draws: 0 });
    expect(complaint(() => none.summary())).toBe(
      "The fit has no draws to summarise: ask for some with { draws: 1000 }.",
    );
  });
});
