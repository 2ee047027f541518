import { describe, expect, test } from "vitest";
import { block } from "../../src/effects/handlers/block.ts";
import { condition } from "../../src/effects/handlers/condition.ts";
import { intervene } from "../../src/effects/handlers/intervene.ts";
import { mask } from "../../src/effects/handlers/mask.ts";
import { replay } from "../../src/effects/handlers/replay.ts";
import { scale } from "../../src/effects/handlers/scale.ts";
import { seed } from "../../src/effects/handlers/seed.ts";
import { substitute } from "../../src/effects/handlers/substitute.ts";
import { trace } from "../../src/effects/handlers/trace.ts";
import { uncondition } from "../../src/effects/handlers/uncondition.ts";
import { deterministic, factor, param, plate, sample } from "../../src/effects/primitives.ts";
import { activeHandlers } from "../../src/effects/stack.ts";
import { key, split } from "../../src/random/key.ts";
import { normal } from "../../src/random/normal.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { LOG_PHI_0, unitNormal } from "./standIn.ts";

/** mu → theta → y, the last observed if data are given. */
const chain = (y?: TensorLike): Tensor => {
  const mu = sample("mu", unitNormal());
  const theta = sample("theta", unitNormal(mu));
  deterministic("twice", theta.mul(2));
  return sample("y", unitNormal(theta), { obs: y });
};
const logPhi = (z: number): number => LOG_PHI_0 - 0.5 * z * z;

describe("trace", () => {
  test("records the sites in order, with the result", () => {
    const t = trace(seed(chain, 0)).get(1);
    expect(t.names).toEqual(["mu", "theta", "twice", "y"]);
    expect([...t].map(([, site]) => site.kind)).toEqual(["sample", "sample", "deterministic", "sample"]);
    expect(t.result.item()).toBe(1);
    expect(t.value("twice").item()).toBe(2 * t.value("theta").item());
    expect(t.get("y")).toMatchObject({ observed: true, scale: 1, plates: [] });
  });

  test("its log density is that of the joint", () => {
    const t = trace(substitute(chain, { mu: 0.5, theta: -1 })).get(2);
    expect(t.logProbSum().item()).toBeCloseTo(logPhi(0.5) + logPhi(-1.5) + logPhi(3), 14);
    expect(t.logProbSum().dtype).toBe("float64");
    expect(
      trace(() => 1)
        .get()
        .logProbSum()
        .item(),
    ).toBe(0);
  });

  test("prints as a table", () => {
    const t = trace(seed(() => plate("n", 3, () => sample("x", unitNormal([0, 0], 1), { obs: [1, 2] })), 0)).get();
    expect(String(t)).toBe(
      ["site  kind      batch | event  plates", "n     plate     dim -1, 3", "x     observed  [3] | [2]      n"].join(
        "\n",
      ),
    );
  });

  test("unknown names", () => {
    expect(() => trace(seed(chain, 0)).get().get("thta")).toThrow(
      'The trace has no site "thta"; did you mean "theta"? There are "mu", "theta", "twice", "y".',
    );
    expect(() =>
      trace(() => plate("n", 3, () => 0))
        .get()
        .value("n"),
    ).toThrow('Plate "n" holds all of its rows and has no value');
  });

  test("names are used once", () => {
    const twice = (): void => {
      for (const _ of [0, 1]) sample("x", unitNormal());
    };
    expect(() => trace(seed(twice, 0)).get()).toThrow(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the message shows a template to type
      'sample site "x": the name "x" is used twice in one run; every site needs a name of its own. In a loop, put the index into the name, sample(`x${i}`, …), or use a plate.',
    );
    const mixed = (): void => {
      sample("x", unitNormal());
      deterministic("x", 1);
    };
    expect(() => trace(seed(mixed, 0)).get()).toThrow(
      'deterministic site "x", before that sample site "x": the name "x" is used twice',
    );
    expect(activeHandlers()).toEqual([]);
  });

  test("params and plates of one size may come again", () => {
    const t = trace(() => {
      param("w", 1);
      param("w", 1);
      plate("n", 3, () => deterministic("a", 1));
      plate("n", 3, () => deterministic("b", 1));
    }).get();
    expect(t.names).toEqual(["w", "n", "a", "b"]);
    expect(() =>
      trace(() => {
        plate("n", 3, () => 0);
        plate("n", 4, () => 0);
      }).get(),
    ).toThrow('plate "n" is used with size 3 and with size 4. Plates of different sizes need different names.');
    const subsampled = (): void => {
      for (const _ of [0, 1]) plate("n", 30, () => 0, { subsampleSize: 2 });
    };
    expect(() => trace(seed(subsampled, 0)).get()).toThrow('plate "n" is subsampled twice, with different rows');
    const handedOn = (): void => {
      const indices = plate("n", 30, (n) => n.indices, { subsampleSize: 2 });
      plate("n", 30, () => 0, { subsample: indices });
    };
    expect(trace(seed(handedOn, 0)).get().names).toEqual(["n"]);
  });

  test("nested traces each record", () => {
    const outer = trace(seed(() => trace(chain).get(), 0)).get();
    expect(outer.names).toEqual(outer.result.names);
  });

  test("wants a model, not its result", () => {
    expect(() => trace(3 as never)).toThrow("trace: the first argument has to be a model, that is a function, got 3.");
    expect(() => seed(undefined as never, 0)).toThrow("seed: the first argument has to be a model");
  });
});

describe("seed", () => {
  test("splits keys off in the order of the sites", () => {
    const t = trace(seed(chain, 7)).get();
    const [rest, first] = split(key(7));
    const [, second] = split(rest!);
    expect(t.value("mu").item()).toBe(normal(first!, []).item());
    expect(t.value("theta").item()).toBe(t.value("mu").add(normal(second!, [])).item());
  });

  test("numbers, strings, keys and { seed }; calls repeat", () => {
    const model = seed(chain, 3);
    const draw = model().item();
    expect(model().item()).toBe(draw);
    expect(seed(chain, { seed: 3 })().item()).toBe(draw);
    expect(seed(chain, key(3))().item()).toBe(draw);
    expect(seed(chain, "three")().item()).not.toBe(draw);
    expect(() => seed(chain, undefined as never)).toThrow(
      "seed: the seed has to be a number, a string, a key or { seed }, got undefined",
    );
    expect(model.name).toBe("chain");
  });

  test("sites with a value take no key", () => {
    const t = trace(seed(condition(chain, { mu: 0 }), 7)).get();
    expect(t.value("theta").item()).toBe(normal(split(key(7))[1]!, []).item());
  });

  test("the inner seed wins", () => {
    expect(seed(seed(chain, 1), 2)().item()).toBe(seed(chain, 1)().item());
  });

  test("reaches sites behind a block", () => {
    expect(seed(block(chain), 1)().item()).toBe(seed(chain, 1)().item());
  });
});

describe("replay", () => {
  const guide = (): void => {
    sample("theta", unitNormal(100), { infer: { note: "guide", blockPlates: ["n"] } });
  };

  test("takes latent values and hints from the trace; observed sites and missing ones go their way", () => {
    const guided = trace(seed(guide, 0)).get();
    const t = trace(seed(replay(chain, guided), 1)).get(5);
    expect(t.value("theta")).toBe(guided.value("theta"));
    expect(t.get("theta").infer).toEqual({ note: "guide" });
    expect(t.get("theta")).toMatchObject({ observed: false });
    expect(t.value("mu").item()).toBe(seed(() => sample("mu", unitNormal()), 1)().item());
    expect(t.value("y").item()).toBe(5);
  });

  test("a trace is wanted, not values", () => {
    expect(() => replay(chain, { mu: 1 } as never)).toThrow(
      "replay: the second argument has to be a trace, like trace(seed(model, 0)).get(data), got an object with keys mu. To give values by name: substitute(model, { mu: 1 }).",
    );
  });

  test("kinds have to agree", () => {
    const other = trace(() => deterministic("theta", 1)).get();
    expect(() => seed(replay(chain, other), 0)()).toThrow(
      'replay: sample site "theta" is a deterministic in the trace; it has to be a latent sample site there.',
    );
    const observed = trace(() => sample("theta", unitNormal(), { obs: 1 })).get();
    expect(() => seed(replay(chain, observed), 0)()).toThrow(
      'replay: sample site "theta" is an observed sample site in the trace',
    );
  });

  test("shapes have to agree", () => {
    const wide = trace(seed(() => sample("theta", unitNormal([0, 0])), 0)).get();
    expect(() => seed(replay(chain, wide), 0)()).toThrow(
      'sample site "theta": the value has shape [2], but the site has shape []',
    );
  });
});

describe("condition", () => {
  test("observes, and replaces data", () => {
    const t = trace(condition(chain, { mu: 1, theta: 2, y: 3 })).get(99);
    expect(t.result.item()).toBe(3);
    expect(["mu", "theta", "y"].every((name) => (t.get(name) as unknown as { observed: boolean }).observed)).toBe(true);
    expect(t.logProbSum().item()).toBeCloseTo(logPhi(1) + 2 * logPhi(1), 14);
  });

  test("by a function", () => {
    const t = trace(
      seed(
        condition(chain, (site) => (site.name === "y" ? 4 : undefined)),
        0,
      ),
    ).get();
    expect(t.result.item()).toBe(4);
  });

  test("unknown names are errors at the end of the run", () => {
    expect(() => seed(condition(chain, { thta: 1 }), 0)()).toThrow(
      'condition: the model has no sample site "thta"; did you mean "theta"? There are "mu", "theta", "y".',
    );
    expect(() => seed(condition(chain, { twice: 1 }), 0)()).toThrow(
      'condition: deterministic site "twice" can\'t be given a value; only sample sites can.',
    );
    expect(() => condition(() => 1, { toString: 1 })()).toThrow(
      'condition: the model has no sample site "toString"; there are none.',
    );
    expect(seed(condition(chain, { thta: undefined }), 0)().shape).toEqual([]);
    expect(activeHandlers()).toEqual([]);
  });

  test("an error in the model comes first", () => {
    const broken = (): void => {
      sample("mu", unitNormal());
      throw new Error("model broke");
    };
    expect(() => seed(condition(broken, { nothing: 1 }), 0)()).toThrow("model broke");
  });

  test("values are checked like data", () => {
    expect(() => seed(condition(chain, { y: [1, 2] }), 0)()).toThrow(
      'sample site "y": the observed value has shape [2], but the site has shape []',
    );
    expect(() => seed(condition(chain, { y: Number.NaN }), 0)()).toThrow('site "y": some values are NaN');
  });
});

describe("substitute", () => {
  test("sets values without observing", () => {
    const t = trace(substitute(chain, { mu: 1, theta: 2, twice: 0 })).get(3);
    expect(t.get("theta")).toMatchObject({ observed: false });
    expect(t.value("twice").item()).toBe(0);
    expect(substitute(() => param("w", 1), { w: 5 })().item()).toBe(5);
  });

  test("keeps the tensor itself", () => {
    const mu = tensor(1);
    expect(
      trace(substitute(chain, { mu, theta: 2 }))
        .get(3)
        .value("mu"),
    ).toBe(mu);
  });

  test("refuses observed sites, unknown names and shapes that don't fit", () => {
    expect(() => substitute(chain, { mu: 1, theta: 2, y: 3 })(4)).toThrow(
      'substitute: sample site "y" is observed. Leave its obs out, or replace the data with condition(model, { y: … }).',
    );
    expect(() => substitute(chain, { mu: 1, theta: 2, tau: 3 })(4)).toThrow('substitute: the model has no site "tau"');
    expect(substitute(chain, { mu: 1, theta: 2, tau: 3 }, { allowUnknown: true })(4).item()).toBe(4);
    expect(() => substitute(chain, { mu: [1, 2], theta: 2 })(4)).toThrow(
      'sample site "mu": the value has shape [2], but the site has shape []',
    );
  });
});

describe("block", () => {
  const names = (options?: Parameters<typeof block>[1]): string[] => trace(seed(block(chain, options), 0)).get().names;

  test("hides by name, kind or rule", () => {
    expect(names()).toEqual([]);
    expect(names({ hide: ["theta"] })).toEqual(["mu", "twice", "y"]);
    expect(names({ expose: ["theta"] })).toEqual(["theta"]);
    expect(names({ hideTypes: ["deterministic"] })).toEqual(["mu", "theta", "y"]);
    expect(names({ exposeTypes: ["deterministic"] })).toEqual(["twice"]);
    expect(names({ hideFn: (site) => site.name.length > 1 })).toEqual(["y"]);
  });

  test("the first field given decides", () => {
    expect(names({ hideFn: () => false, hide: ["mu"] })).toHaveLength(4);
    expect(names({ hide: ["mu"], expose: ["mu"] })).toEqual(["theta", "twice", "y"]);
  });

  test("hidden sites can't be conditioned from outside", () => {
    expect(() => condition(seed(block(chain, { hide: ["mu"] }), 0), { mu: 1 })()).toThrow('no sample site "mu"');
  });
});

describe("mask and scale", () => {
  test("mask leaves entries out, and nested masks combine", () => {
    const model = () => plate("n", 4, () => sample("y", unitNormal(), { obs: [0, 1, 2, Number.NaN] }));
    const t = trace(mask(mask(model, [true, true, true, false]), [false, true, true, true])).get();
    expect(t.logProbSum().item()).toBeCloseTo(logPhi(1) + logPhi(2), 14);
  });

  test("mask reaches factors and not values", () => {
    const model = () => {
      factor("f", 7);
      return sample("x", unitNormal());
    };
    const t = trace(mask(seed(model, 0), false)).get();
    expect(t.logProbSum().item()).toBe(0);
    expect(t.result.item()).toBe(seed(model, 0)().item());
  });

  test("scales multiply, with plates and each other, numbers and tensors", () => {
    const model = () => plate("n", 10, () => sample("y", unitNormal(), { obs: 0 }), { subsampleSize: 5 });
    expect(
      trace(seed(scale(scale(model, 0.5), 3), 0))
        .get()
        .logProbSum()
        .item(),
    ).toBeCloseTo(10 * 1.5 * LOG_PHI_0, 12);
    const weighted = scale(() => plate("n", 3, () => sample("y", unitNormal(), { obs: 0 })), tensor([1, 2, 3]));
    expect(trace(weighted).get().logProbSum().item()).toBeCloseTo(6 * LOG_PHI_0, 12);
    expect(
      trace(scale(() => factor("f", 2), 3))
        .get()
        .logProbSum()
        .item(),
    ).toBe(6);
  });

  test("scale wants a positive factor", () => {
    expect(() => scale(chain, 0)).toThrow(
      "scale: the factor has to be positive, got 0. To leave sites out, use mask(model, false).",
    );
    expect(() => scale(chain, tensor([1, -1]))).toThrow("got -1");
  });
});

describe("intervene and uncondition", () => {
  test("an intervention cuts off the causes and leaves the site random", () => {
    const t = trace(seed(intervene(chain, { theta: 50 }), 0)).get();
    expect(t.names).toEqual(["mu", "theta", "twice", "y"]);
    expect(t.value("twice").item()).toBe(100);
    expect(Math.abs(t.value("theta").item())).toBeLessThan(10);
    expect(Math.abs(t.value("y").item() - 50)).toBeLessThan(6);
    expect(t.get("theta")).toMatchObject({ observed: false });
    const inside = trace(chain);
    const seen = seed(
      intervene(() => inside.get(), { theta: 50 }),
      0,
    )();
    expect(seen.names).toEqual(["mu", "theta__CF", "twice", "y"]);
  });

  test("inside plates, and with unknown names", () => {
    const model = () => plate("n", 3, () => sample("x", unitNormal()));
    const t = trace(seed(intervene(model, { x: 2 }), 0)).get();
    expect(t.result.toArray()).toEqual([2, 2, 2]);
    expect(t.value("x").shape).toEqual([3]);
    expect(t.get("x").plates).toHaveLength(1);
    expect(() => seed(intervene(chain, { thet: 1 }), 0)()).toThrow(
      'intervene: the model has no sample site "thet"; did you mean "theta"?',
    );
  });

  test("conditioning an intervened model is a counterfactual query", () => {
    const t = trace(seed(condition(intervene(chain, { theta: 50 }), { theta: 1 }), 0)).get();
    expect(t.get("theta")).toMatchObject({ observed: true });
    expect(t.value("theta").item()).toBe(1);
    expect(t.value("twice").item()).toBe(100);
  });

  test("uncondition draws what was observed", () => {
    const t = trace(seed(uncondition(chain), 0)).get(1000);
    expect(t.value("y").item()).not.toBe(1000);
    expect(t.get("y")).toMatchObject({ observed: false, infer: { wasObserved: true } });
    expect((t.get("y").infer.obs as Tensor).item()).toBe(1000);
  });
});
