import fc from "fast-check";
import {
  constraints,
  deterministic,
  dist,
  exp,
  factor,
  instantiate,
  type LogDensity,
  logDensity,
  nuts,
  plate,
  sample,
  take,
} from "lapilli";
import { describe, expect, test } from "vitest";

/** Every kind of support that has coordinates, and a deterministic site. */
const everything = (): void => {
  const scale = sample("scale", dist.HalfNormal(2));
  const share = sample("share", dist.Beta(2, 2));
  const level = sample("level", dist.Uniform(-1, scale.add(3)));
  const cuts = sample("cuts", dist.ImproperUniform(constraints.orderedVector, [], [3]));
  factor("cuts_prior", dist.Normal(0, 2).logProb(cuts));
  const mix = sample("mix", dist.Dirichlet([2, 1, 3]));
  const effect = plate("group", 4, () => sample("effect", dist.Normal(level, scale)));
  const rates = deterministic(
    "rates",
    exp(effect.add(cuts.at(1)))
      .mul(mix.at(2))
      .add(share),
  );
  sample("y", dist.Poisson(rates), { obs: [1, 0, 3, 2] });
};

const valueAt = (ld: LogDensity, x: readonly number[]): number => ld.value(Float64Array.from(x));

describe("a density", () => {
  const ld = logDensity(everything, undefined);
  const reference = logDensity(everything, undefined, { interpret: true });
  const points = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: ld.dim, maxLength: ld.dim });

  test("lists its sites in the order the model meets them, and names its coordinates", () => {
    expect(ld.dim).toBe(12);
    expect(ld.sites.map(({ name, shape, offset, size, support }) => [name, shape, offset, size, support.kind])).toEqual(
      [
        ["scale", [], 0, 1, "nonnegative"],
        ["share", [], 1, 1, "interval"],
        ["level", [], 2, 1, "interval"],
        ["cuts", [3], 3, 3, "orderedVector"],
        ["mix", [3], 6, 2, "simplex"],
        ["effect", [4], 8, 4, "real"],
      ],
    );
    expect(ld.names.slice(0, 4)).toEqual(["scale", "share", "level", "cuts[0]"]);
    expect(ld.names.slice(6)).toEqual(["mix[0]", "mix[1]", "effect[0]", "effect[1]", "effect[2]", "effect[3]"]);
  });

  test("is compiled; interpreted only when asked for, and both agree", () => {
    expect([ld.interpreted, ld.program?.format]).toEqual([undefined, "lapilli-program"]);
    expect([reference.interpreted, reference.program]).toEqual(["asked for by the options", undefined]);
    const [ours, theirs] = [new Float64Array(ld.dim), new Float64Array(ld.dim)];
    fc.assert(
      fc.property(points, (x) => {
        const [a, b] = [ld, reference].map((d, i) => d.valueAndGrad(Float64Array.from(x), i === 0 ? ours : theirs));
        expect(Math.abs(a! - b!)).toBeLessThan(1e-11 * Math.max(1, Math.abs(b!)));
        ours.forEach((g, i) => {
          expect(Math.abs(g - theirs[i]!)).toBeLessThan(1e-11 * Math.max(1, Math.abs(theirs[i]!)));
        });
      }),
    );
  });

  test("has the gradient that finite differences give, the log-Jacobians included", () => {
    const gradient = new Float64Array(ld.dim);
    const h = 1e-3;
    fc.assert(
      fc.property(points, (x) => {
        const value = ld.valueAndGrad(Float64Array.from(x), gradient);
        gradient.forEach((g, i) => {
          const at = (t: number): number =>
            valueAt(
              ld,
              x.map((v, j) => (i === j ? v + t : v)),
            );
          const numeric = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
          expect(Math.abs(g - numeric)).toBeLessThan(1e-6 * Math.max(1, Math.abs(g), Math.abs(value)));
        });
      }),
    );
  });

  test("constrains and unconstrains, which undo each other", () => {
    fc.assert(
      fc.property(points, (x) => {
        const values = ld.constrain(Float64Array.from(x));
        expect(Object.keys(values)).toEqual(["scale", "share", "level", "cuts", "mix", "effect", "rates"]);
        expect(values.scale!.item()).toBeGreaterThan(0);
        expect(values.level!.item()).toBeLessThan(values.scale!.item() + 3);
        const cuts = values.cuts!.data;
        expect(cuts[0]! < cuts[1]! && cuts[1]! < cuts[2]!).toBe(true);
        expect(values.mix!.sum().item()).toBeCloseTo(1, 12);
        expect(values.rates!.shape).toEqual([4]);
        ld.unconstrain(values).forEach((v, i) => {
          expect(v).toBeCloseTo(x[i]!, 9);
        });
      }),
    );
  });

  test("constrains many points at once like one by one", () => {
    const xs = [0, 1, 2].map((k) => Float64Array.from({ length: ld.dim }, (_, i) => Math.sin(i + k)));
    for (const { name, shape, values } of ld.constrainAll(xs)) {
      const size = shape.reduce((a, b) => a * b, 1);
      xs.forEach((x, k) => {
        expect(values.slice(k * size, (k + 1) * size)).toEqual(ld.constrain(x)[name]!.data);
      });
    }
  });

  test("leaves the point alone, and takes no memory", () => {
    const x = new Float64Array(ld.dim).fill(0.3);
    const gradient = new Float64Array(ld.dim);
    const run = (n: number): void => {
      for (let i = 0; i < n; i++) ld.valueAndGrad(x, gradient);
    };
    run(20_000);
    const growth = (): number => {
      const before = process.memoryUsage().heapUsed;
      run(50_000);
      return process.memoryUsage().heapUsed - before;
    };
    // The least of several: the engine's own compiler takes memory as well. A number on the heap would be 600 kB.
    expect(Math.min(...Array.from({ length: 8 }, growth))).toBeLessThan(100_000);
    expect(x).toEqual(new Float64Array(ld.dim).fill(0.3));
  });

  test("travels: a copy of its program gives the same bits", () => {
    const { run, input, output } = instantiate(structuredClone(ld.program!));
    const x = Float64Array.from({ length: ld.dim }, (_, i) => Math.cos(i));
    const gradient = new Float64Array(ld.dim);
    const value = ld.valueAndGrad(x, gradient);
    input.set(x);
    run();
    expect([output[0], ...output.subarray(1)]).toEqual([value, ...gradient]);
  });

  test("prints its timing and is the same when traced again", () => {
    expect(ld.timing.traceMs).toBeGreaterThan(0);
    expect(ld.timing.compileMs).toBeGreaterThan(0);
    const again = logDensity(everything, undefined);
    const x = Float64Array.from({ length: ld.dim }, (_, i) => Math.cos(i));
    expect(again.value(x)).toBe(ld.value(x));
    expect(again.program!.code).toEqual(ld.program!.code);
  });
});

test("the normal density is what it is", () => {
  const ld = logDensity(() => sample("x", dist.Normal(1, 2)), undefined);
  const gradient = new Float64Array(1);
  expect(ld.valueAndGrad(Float64Array.of(4), gradient)).toBeCloseTo(
    -0.5 * 1.5 ** 2 - Math.log(2 * Math.sqrt(2 * Math.PI)),
    14,
  );
  expect(gradient[0]).toBe(-0.75);
  expect(ld.constrain(Float64Array.of(4)).x!.item()).toBe(4);
});

test("the model is called once, with its data", () => {
  const calls: unknown[] = [];
  const ld = logDensity(
    (data: { readonly y: number }) => {
      calls.push(data);
      sample("y", dist.Normal(sample("mu", dist.Normal(0, 1)), 1), { obs: data.y });
    },
    { y: 2 },
  );
  valueAt(ld, [1]);
  valueAt(ld, [2]);
  expect(calls).toEqual([{ y: 2 }]);
});

test("a point that the density does not reach gets a gradient of zero", () => {
  const ld = logDensity(() => {
    sample("free", dist.ImproperUniform(constraints.real, [2]));
    sample("x", dist.Normal(0, 1));
  }, undefined);
  const gradient = new Float64Array(3).fill(7);
  ld.valueAndGrad(Float64Array.of(5, -3, 2), gradient);
  expect([...gradient]).toEqual([0, 0, -2]);
});

describe("flat sites", () => {
  const flat = (model: () => void): readonly string[] => logDensity(model, undefined).flatSites;
  const x = (): unknown => sample("x", dist.Normal(0, 1));
  const nowhere: readonly [string, () => void][] = [
    ["on all numbers", () => sample("m", dist.ImproperUniform(constraints.real))],
    [
      "on positive numbers, of which the Jacobian still depends",
      () => sample("m", dist.ImproperUniform(constraints.positive)),
    ],
    ["in increasing order", () => sample("m", dist.ImproperUniform(constraints.orderedVector, [], [3]))],
    ["in a plate", () => plate("n", 3, () => sample("m", dist.ImproperUniform(constraints.positive)))],
    ["masked", () => sample("m", dist.HalfNormal(1), { mask: false })],
    [
      "reported only",
      () => deterministic("twice", sample("m", dist.ImproperUniform(constraints.greaterThan(1))).mul(2)),
    ],
  ];
  test.each(nowhere)("%s", async (_, prior) => {
    const model = (): void => {
      prior();
      x();
    };
    expect(flat(model)).toEqual(["m"]);
    await expect(nuts(model, undefined)).rejects.toThrow('the log density does not depend on sample site "m" at all');
  });

  test.each<readonly [string, () => void]>([
    ["a bounded set", () => sample("m", dist.ImproperUniform(constraints.unitInterval))],
    ["a set with one bound that is drawn", () => sample("m", dist.Uniform(0, sample("b", dist.HalfNormal(1))))],
    ["a simplex", () => sample("m", dist.ImproperUniform(constraints.simplex, [], [3]))],
    ["data", () => sample("y", dist.Normal(0, sample("m", dist.ImproperUniform(constraints.positive))), { obs: 1 })],
    ["a factor", () => factor("f", sample("m", dist.ImproperUniform(constraints.positive)).neg())],
  ])("but not with %s", (_, prior) => {
    expect(
      flat(() => {
        prior();
        x();
      }),
    ).toEqual([]);
  });
});

test("rows outside the support of the data give minus infinity", () => {
  const ld = logDensity(() => {
    const low = sample("low", dist.Normal(0, 1));
    sample("y", dist.Uniform(low, 10), { obs: 3 });
  }, undefined);
  expect(valueAt(ld, [2])).toBeGreaterThan(-10);
  expect(valueAt(ld, [4])).toBe(-Infinity);
});

describe("errors say which site and what to do", () => {
  const model = (): void => {
    const sd = sample("sd", dist.HalfNormal(1));
    sample("theta", dist.Normal(0, sd).expand([2]));
  };
  const ld = logDensity(model, undefined);

  test("no latent site", () => {
    expect(() => logDensity(() => sample("y", dist.Normal(0, 1), { obs: 1 }), undefined)).toThrow(
      /no latent sample site.*Add sample\("name", distribution\) without obs/,
    );
  });
  test("a discrete latent site", () => {
    expect(() => logDensity(() => sample("k", dist.Poisson(3)), undefined)).toThrow(
      /sample site "k" \(Poisson, support nonnegativeInteger\) is latent and discrete.*sum it out of the model/,
    );
  });
  test("points and gradients of another length", () => {
    const [three, two] = [new Float64Array(3), new Float64Array(2)];
    expect(() => ld.valueAndGrad(two, three)).toThrow(
      "The point has 2 numbers, the model has 3 unconstrained coordinates.",
    );
    expect(() => ld.valueAndGrad(three, two)).toThrow("The gradient has 2 numbers");
    expect(() => ld.value(two)).toThrow(RangeError);
    expect(() => ld.constrain(two)).toThrow("The point has 2 numbers");
  });
  test("values that cannot be unconstrained", () => {
    expect(() => ld.unconstrain({ sd: 1 })).toThrow(
      'unconstrain: no value for "theta"; give every latent site: "sd", "theta".',
    );
    expect(() => ld.unconstrain({ sd: 1, theta: [1, 2, 3] })).toThrow(
      'the value of "theta" has shape [3], the site [2]',
    );
    expect(() => ld.unconstrain({ sd: -1, theta: [1, 2] })).toThrow(
      /the value of "sd" lies outside its support nonnegative/,
    );
  });
  test("the first value that is no number, when asked to look for it", () => {
    const bad = logDensity(() => factor("f", sample("x", dist.Normal(0, 1)).log()), undefined, { debugNans: true });
    expect(() => valueAt(bad, [-1])).toThrow(
      /^debugNans: factor site "f" has log density NaN: log gave NaN from -1, at/,
    );
    expect(valueAt(bad, [1])).toBeLessThan(0);
  });
  test("whatever the model throws", () => {
    expect(() =>
      logDensity(() => {
        throw new Error("no such file");
      }, undefined),
    ).toThrow("no such file");
  });
  test("an element taken twice counts twice", () => {
    const picking = logDensity(() => {
      const x = sample("x", dist.Normal(0, 1).expand([3]));
      factor("largest", take(x, [2, 2]).sum());
    }, undefined);
    expect(picking.interpreted).toBeUndefined();
    const gradient = new Float64Array(3);
    picking.valueAndGrad(Float64Array.of(1, 2, 3), gradient);
    expect([...gradient]).toEqual([-1, -2, -1]);
  });
});
