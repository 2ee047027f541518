import { deterministic, dist, nuts, plate, predictive, sample, type Tensor, tensor } from "lapilli";
import { describe, expect, test } from "vitest";
import { wrong } from "../errors/message.ts";

interface Data {
  readonly x: readonly number[];
  readonly y?: readonly number[] | undefined;
}
const line = ({ x, y }: Data): void => {
  const slope = sample("slope", dist.Normal(0, 1));
  const noise = sample("noise", dist.HalfNormal(1));
  plate("row", x.length, () => {
    const mean = deterministic("mean", slope.mul(tensor(x)));
    sample("y", dist.Normal(mean, noise), { obs: y });
  });
};
const posterior = {
  slope: [
    [1, 2, 3],
    [4, 5, 6],
  ],
  noise: [
    [1e-9, 1e-9, 1e-9],
    [1, 1, 1],
  ],
};

describe("a prediction", () => {
  test("has drawn and deterministic sites by chain and draw, in the order of the model, each at its draw", () => {
    const found = predictive(line, posterior, { x: [1, 10] }, { seed: 1 });
    expect(Object.entries(found).map(([name, t]) => [name, t.shape])).toEqual([
      ["mean", [2, 3, 2]],
      ["y", [2, 3, 2]],
    ]);
    expect([...found.mean!.data]).toEqual([1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60]);
    const residuals = Array.from(found.y!.data, (v, i) => v - found.mean!.data[i]!);
    for (const r of residuals.slice(0, 6)) expect(Math.abs(r)).toBeLessThan(1e-8);
    expect(new Set(residuals.slice(6).map((r) => r.toFixed(6))).size).toBe(6);
  });

  test("is the same for the same seed, differs for another, and does not depend on how many are asked for", () => {
    const y = (options: object): Tensor => predictive(line, posterior, { x: [1, 10] }, options).y!;
    expect(y({ seed: "a" }).data).toEqual(y({ seed: "a" }).data);
    expect(y({}).data).toEqual(y({ seed: 0 }).data);
    expect(y({ seed: "a" }).data).not.toEqual(y({ seed: "b" }).data);
    const [all, two] = [y({ seed: 2 }), y({ seed: 2, draws: 2 })];
    expect(two.shape).toEqual([2, 2, 2]);
    expect(two.at(0).data).toEqual(all.at(0).data.slice(0, 4));
    expect(two.at(1).data).toEqual(all.at(1).data.slice(0, 4));
  });

  test("of data that are there is none, but deterministic sites are computed from them", () => {
    expect(Object.keys(predictive(line, posterior, { x: [1], y: [2] }))).toEqual(["mean"]);
  });

  test("keeps the kind of its numbers", () => {
    const counts = (): void => {
      sample("n", dist.Poisson(sample("rate", dist.HalfNormal(5))));
    };
    const { n } = predictive(counts, { rate: [[3, 3]] }, undefined);
    expect(n!.dtype).toBe(dist.Poisson(3).sample({ hi: 0, lo: 1 } as never).dtype);
  });

  test("from the prior", () => {
    const found = predictive(line, {}, { x: [1] }, { draws: 400 });
    expect(Object.entries(found).map(([name, t]) => [name, t.shape])).toEqual([
      ["slope", [1, 400]],
      ["noise", [1, 400]],
      ["mean", [1, 400, 1]],
      ["y", [1, 400, 1]],
    ]);
    expect(Math.abs(found.slope!.mean().item())).toBeLessThan(0.2);
  });
});

test("a fit of a model predicts as the theory says", async () => {
  // One observation of a normal with variance 1 and prior variance 1: the next is Normal(y/2, √1.5).
  const model = ({ y }: { readonly y?: number }): void => {
    const mu = sample("mu", dist.Normal(0, 1));
    sample("y", dist.Normal(mu, 1), { obs: y });
  };
  const fit = await nuts(model, { y: 3 }, { seed: 1, progress: false });
  const { y } = predictive(model, fit, {}, { seed: 1 });
  expect(y!.shape).toEqual([4, 1000]);
  expect(Math.abs(y!.mean().item() - 1.5)).toBeLessThan(0.15);
  expect(Math.abs(y!.sub(y!.mean()).square().mean().item() - 1.5)).toBeLessThan(0.2);
  expect(predictive(model, fit.posterior, {}, { seed: 1 }).y!.data).toEqual(y!.data);
});

describe("errors", () => {
  test.each<[string, () => unknown, string]>([
    [
      "draws of one axis",
      () => predictive(line, { slope: [1, 2], noise: [1, 2] }, { x: [1] }),
      'predictive: the draws of "slope" have shape [2]; it has to be [chains, draws, …]. One chain of draws is reshape(draws, [1, -1]).',
    ],
    [
      "draws of differing number",
      () => predictive(line, { slope: [[1, 2]], noise: [[1]] }, { x: [1] }),
      'predictive: the draws of "noise" have shape [1, 1], those of "slope" [1, 2]; it has to be [chains, draws, …].',
    ],
    [
      "a fit of another model",
      () => predictive(line, { beta: [[1]] }, { x: [1] }),
      'no latent site of the model is in the posterior, which has "beta"; the model has "slope", "noise", "y".',
    ],
    [
      "nothing left out",
      () => predictive(() => sample("y", dist.Normal(sample("m", dist.Normal(0, 1)), 1), { obs: 1 }), { m: [[1]] }, {}),
      "predictive: there is nothing to predict, since every site has data or draws. Leave out the data",
    ],
    [
      "the posterior left out",
      () => predictive(line, wrong(3), { x: [1] }),
      "predictive: the second argument has to be a fit, or draws by site, { mu: … }, got 3.",
    ],
    ["one tensor", () => predictive(line, wrong(tensor([[1]])), { x: [1] }), "got a Tensor."],
    [
      "an empty posterior",
      () => predictive(line, {}, { x: [1] }),
      "To predict from the prior, say how often: { draws: 1000 }.",
    ],
    [
      "too many draws",
      () => predictive(line, posterior, { x: [1] }, { draws: 4 }),
      "predictive: `draws` is 4, but the posterior has 3 in each chain.",
    ],
    [
      "options",
      () => predictive(line, posterior, { x: [1] }, wrong({ sed: 1 })),
      'predictive: unknown option "sed"; did you mean "seed"?',
    ],
    [
      "a value of another shape",
      () => predictive(line, { slope: [[[1, 2]]], noise: [[1]] }, { x: [1] }),
      'sample site "slope": the value has shape [2], but the site has shape []',
    ],
    [
      "no model",
      () => predictive(wrong(posterior), wrong(line), {}),
      "predictive: the first argument has to be a model",
    ],
    [
      "misspelt data",
      () => predictive(wrong(line), posterior, { X: [1] }),
      'The model reads "x" from the data, which have no such field, and never reads "X"',
    ],
  ])("%s", (_, f, message) => {
    expect(f).toThrow(message);
  });
});
