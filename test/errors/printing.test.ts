/** What `console.log` shows. */
import { inspect } from "node:util";
import { arange, dist, logDensity, nuts, plate, sample, seed, tensor, trace } from "lapilli";
import { expect, test } from "vitest";

const model = (): void => {
  sample("mu", dist.Normal(0, 1));
  plate("school", 3, () => sample("theta", dist.Normal(0, 1)));
};
const fit = nuts(model, {}, { chains: 2, warmup: 100, draws: 100, progress: false });

test("tensors: all of a short one, the first values of others, no graph", () => {
  expect(inspect(tensor([1, 2.5]))).toBe("Tensor([1,2.5], shape [2], float64)");
  expect(inspect(arange(1000))).toMatch(/^Tensor\(0, 1, 2, 3, 4, 5, …, shape \[1000\], \w+\)$/);
  expect(inspect({ a: { b: tensor(1 / 3) } })).toContain("Tensor(0.3333333333333333, shape [], float64)");
  let traced = "";
  logDensity(() => {
    traced = inspect(sample("x", dist.Normal(0, 1)));
  }, {});
  expect(traced).toBe("Tensor(traced, shape [], float64)");
});

test("draws", async () => {
  const { draws, posterior } = await fit;
  expect(inspect(draws("theta"))).toMatch(/^Tensor\((-?[\d.]+, ){6}…, shape \[2, 100, 3\], float64\)$/);
  expect(inspect(posterior).split("\n")).toHaveLength(4);
});

test("a fit, its summary and a trace show what their strings do", async () => {
  const text = `Fit of 2 chains with 100 draws each: mu [], theta [3].\n${(await fit).summary().divergences} of 200 transitions diverged`;
  expect(String(await fit)).toContain(text);
  const objects = [await fit, (await fit).summary(), trace(seed(model, 0)).get()];
  for (const object of objects) {
    expect(inspect(object)).toBe(String(object));
    expect(String(object)).not.toContain("[object");
  }
});
