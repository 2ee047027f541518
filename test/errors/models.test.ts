/** Models that can't be run, and handlers around them. */
import { condition, dist, factor, logDensity, ModelError, nuts, plate, sample, seed, substitute, trace } from "lapilli";
import { describe, expect, test } from "vitest";
import { complaint, rejection, schools, sigma, wrong, y } from "./message.ts";

const data = { y, sigma };
const tracing = (model: () => unknown): string => complaint(() => logDensity(model, {}));

describe("names", () => {
  test("unknown to condition and substitute, with the nearest", () => {
    expect(complaint(() => trace(seed(condition(schools, { tua: 1 }), 0)).get(data))).toContain(
      'condition: the model has no sample site "tua"; did you mean',
    );
    expect(complaint(() => trace(seed(substitute(schools, { tehta: 1 }), 0)).get(data))).toBe(
      'substitute: the model has no site "tehta"; did you mean "theta"? There are "mu", "tau", "school", "theta", "y".',
    );
  });

  test("unknown to them, where the model fails before its end for want of a seed", () => {
    const end = "Run the model under a seed: seed(model, 0)(data), or around another handler:";
    const start = (site: string) => `sample site "${site}" has no value and no random key to draw one.`;
    expect(complaint(() => substitute(schools, { mu: 1, tua: 1 })(data))).toContain(
      `${start("tau")} A value is given for "tua", which no site is called so far: is "tau" meant? ${end}`,
    );
    expect(complaint(() => condition(schools, { kappa: 1, theta: 1 })(data))).toContain(
      `${start("mu")} Values are given for "kappa", "theta", which no site is called so far. ${end}`,
    );
    expect(complaint(() => substitute(schools, { mu: 1 })(data))).toContain(`${start("tau")} ${end}`);
    expect(complaint(() => substitute(schools, { kappa: 1 }, { allowUnknown: true })(data))).toContain(
      `${start("mu")} ${end}`,
    );
  });

  test("observed, for substitute", () => {
    expect(complaint(() => trace(seed(substitute(schools, { y: 1 }), 0)).get(data))).toContain(
      'substitute: sample site "y" is observed. Leave its obs out, or replace the data with condition(model, { y: … }).',
    );
  });

  test("used twice, in a loop", () => {
    const message = tracing(() => {
      const mu = sample("mu", dist.Normal(0, 1));
      for (const v of [1, 2, 3]) sample("y", dist.Normal(mu, 1), { obs: v });
    });
    expect(message).toContain('the name "y" is used twice in one run; every site needs a name of its own');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the advice
    expect(message).toContain("In a loop, put the index into the name, sample(`y${i}`, …), or use a plate.");
  });

  test("of plates", () => {
    const one = () => sample("x", dist.Normal(0, 1));
    expect(tracing(() => plate("a", 3, () => plate("a", 3, one)))).toContain(
      'plate "a" is inside of another plate of the same name',
    );
    expect(
      tracing(() => {
        plate("a", 3, one);
        plate("a", 4, () => sample("z", dist.Normal(0, 1)));
      }),
    ).toContain('plate "a" is used with size 3 and with size 4. Plates of different sizes need different names.');
  });

  test("of a trace", () => {
    expect(complaint(() => trace(seed(schools, 0)).get({ sigma }).get("thta"))).toContain(
      'The trace has no site "thta"; did you mean "theta"?',
    );
  });
});

describe("outside of any handler", () => {
  const message =
    "has no value and no random key to draw one. Run the model under a seed: seed(model, 0)(data), or around another handler: trace(seed(model, 0)).get(data). To sample from its posterior: nuts(model, data).";
  test("sample", () => {
    expect(complaint(() => sample("x", dist.Normal(0, 1)))).toBe(`sample site "x" ${message}`);
  });
  test("a model that is called", () => {
    expect(complaint(() => schools(data))).toBe(`sample site "mu" ${message}`);
  });
});

describe("nothing to sample", () => {
  test("no statement, or only observed ones", () => {
    expect(tracing(() => 3)).toBe(
      'The model has no latent sample site, so there is nothing to infer: it has no sample statement. Add sample("name", distribution) without obs.',
    );
    expect(tracing(() => sample("y", dist.Normal(0, 1), { obs: 1 }))).toContain('it only has "y"');
  });

  test("discrete latent sites", async () => {
    const mixture = () => {
      const z = sample("z", dist.Bernoulli(0.5));
      sample("y", dist.Normal(z, 1), { obs: 1 });
    };
    expect(await rejection(nuts(mixture, {}))).toBe(
      'sample site "z" (Bernoulli, support boolean) is latent and discrete, and no gradient-based method can move it. If it is data, its obs is missing; ' +
        "if not, sum it out of the model: logsumexp over its values, added with factor.",
    );
  });

  test("a subsampled plate", () => {
    const message = tracing(() => {
      const mu = sample("mu", dist.Normal(0, 1));
      plate("n", 10, () => sample("y", dist.Normal(mu, 1), { obs: 1 }), { subsampleSize: 5 });
    });
    expect(message).toContain('plate "n": choosing 5 of 10 rows at random needs a key');
    expect(message).toContain("Sampling with NUTS or HMC needs every row: leave subsampleSize out.");
  });
});

describe("what is no model", () => {
  test.each<[string, unknown[], string]>([
    ["nothing", [], "got undefined. Pass the function itself and not what it returns: nuts(model, data)."],
    ["what a model returns", [3, {}], "got 3. Pass the function itself and not what it returns: nuts(model, data)."],
    [
      "data first",
      [data, schools],
      "got an object with keys y, sigma. The model comes first, then the data: nuts(model, data).",
    ],
  ])("%s", async (_, args, end) => {
    expect(await rejection(wrong(nuts)(...args))).toBe(
      `nuts: the first argument has to be a model, that is a function, ${end}`,
    );
  });

  test("an asynchronous one", async () => {
    const message = await rejection(
      nuts(async () => {
        sample("x", dist.Normal(0, 1));
      }, {}),
    );
    expect(message).toContain(
      "The model is asynchronous: it returned a Promise, and whatever follows an `await` is not seen.",
    );
    expect(message).toContain("Load data before, and pass them to the model as an argument.");
  });

  test("for handlers", () => {
    expect(complaint(() => trace(wrong({})))).toContain(
      "trace: the first argument has to be a model, that is a function, got an object",
    );
  });
});

describe("a model that throws half-way", () => {
  const original = new RangeError("no such school");
  const failing = () => {
    sample("mu", dist.Normal(0, 1));
    plate("school", 3, () => {
      throw original;
    });
  };
  const caught = (f: () => unknown): unknown => {
    try {
      f();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test("is named by the last site and the line, with the original as the cause", () => {
    const error = caught(() => logDensity(failing, {}));
    expect(error).toBeInstanceOf(ModelError);
    const { site, cause, message } = error as ModelError;
    expect(site).toBe("school");
    expect(cause).toBe(original);
    // The error was made outside of the model, on the line that the message shows.
    expect(message).toMatch(/^The model failed at \S*models\.test\.ts:\d+:\d+, after plate "school": no such school$/);
  });

  test("leaves no handler behind", () => {
    const before = logDensity(schools, data);
    for (let i = 0; i < 3; i++) caught(() => logDensity(failing, {}));
    expect(complaint(() => sample("x", dist.Normal(0, 1)))).toContain('sample site "x" has no value and no random key');
    const after = logDensity(schools, data);
    const x = new Float64Array(after.dim).fill(0.3);
    expect(after.value(x)).toBe(before.value(x));
    expect(after.sites).toEqual(before.sites);
  });

  test("before its first site, and by something that is no error", () => {
    expect(
      complaint(() =>
        logDensity(() => {
          throw "a string";
        }, {}),
      ),
    ).toBe("The model failed, before its first site: a string");
  });

  test("errors that name a site stay as they are", () => {
    const error = caught(() => logDensity(() => sample("y", dist.Poisson(1), { obs: -1 }), {})) as ModelError;
    expect(error).toBeInstanceOf(ModelError);
    expect(error.site).toBe("y");
    expect(error.message).toMatch(/^site "y": 1 of 1 value is outside the support/);
  });
});

describe("terms that no parameter can save", () => {
  test.each<[string, () => void, string]>([
    [
      "NaN",
      () => factor("f", Number.NaN),
      'factor site "f": its log density is NaN (element 0 of shape []) whatever the parameters are.',
    ],
    [
      "an impossible value",
      () => factor("f", [0, Number.NEGATIVE_INFINITY]),
      "-Infinity (element 1 of shape [2]) whatever the parameters are.",
    ],
    [
      "unchecked arguments",
      () => sample("y", dist.Normal(0, -1, { validateArgs: false }), { obs: 1 }),
      'sample site "y": its log density is NaN (element 0 of shape []) whatever the parameters are. Look for NaN, infinite or impossible values in what it is given.',
    ],
  ])("%s", (_, body, expected) => {
    expect(
      tracing(() => {
        sample("x", dist.Normal(0, 1));
        body();
      }),
    ).toContain(expected);
  });

  test("what is no number", () => {
    expect(complaint(() => factor("f", wrong("1")))).toContain(
      'factor site "f": A tensor was expected, got the string "1"',
    );
    expect(complaint(() => factor("f", wrong(undefined)))).toContain(
      'factor site "f": A tensor was expected, got undefined.',
    );
  });
});
