/** What is loaded on demand changes no program and no draw. */
import { beforeEach, expect, test, vi } from "vitest";
import type { Passes } from "../../src/compiler/passes.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const modules = () =>
  Promise.all([
    import("../../distributions/index.ts"),
    import("../../src/effects/primitives.ts"),
    import("../../src/tensor/create.ts"),
    import("../../inference/loadDensity.ts"),
    import("../../inference/logDensity.ts"),
  ]);
type Library = Awaited<ReturnType<typeof modules>>;
let { Bernoulli, Normal } = {} as Library[0];
let { deterministic, plate, sample } = {} as Library[1];
let { tensor } = {} as Library[2];
let { loadDensity, loading, isLoaded } = {} as Library[3];
let { logDensity } = {} as Library[4];

// Every test begins with nothing loaded.
beforeEach(async () => {
  vi.resetModules();
  const [distributions, primitives, create, loader, sync] = await modules();
  ({ Bernoulli, Normal } = distributions);
  ({ deterministic, plate, sample } = primitives);
  ({ tensor } = create);
  ({ loadDensity, loading, isLoaded } = loader);
  ({ logDensity } = sync);
});

const wave = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.sin(1 + i * i));
const design = (rows: number): Tensor => tensor(wave(rows * 13)).reshape([rows, 13]);
const labels = Array.from(wave(40), (v) => (v > 0 ? 1 : 0));
const scalar = (name: string): Tensor => sample(name, Normal(0, 1)) as Tensor;
const vector = (n: number): Tensor => plate("coordinates", n, () => sample("b", Normal(0, 1))) as Tensor;

/** Models, and whether they need nothing more than a page loads at first. */
const models: Readonly<Record<string, readonly [isSmall: boolean, model: () => void]>> = {
  "a few numbers": [true, () => void sample("y", Normal(scalar("mu"), 1), { obs: 1 })],
  "fifteen rows": [true, () => void sample("y", Normal(vector(15), 1), { obs: wave(15) })],
  "sixteen rows": [false, () => void sample("y", Normal(vector(16), 1), { obs: wave(16) })],
  "a few rows of a loop": [
    true,
    () => {
      const mu = scalar("mu");
      for (let i = 0; i < 3; i++) sample(`y${i}`, Normal(mu.exp(), 1), { obs: i });
    },
  ],
  "many rows of a loop": [
    false,
    () => {
      const mu = scalar("mu");
      for (let i = 0; i < 30; i++) sample(`y${i}`, Normal(mu.mul(i), 1 + i), { obs: i * i });
    },
  ],
  "sites of a loop": [
    false,
    () => {
      for (let i = 0; i < 20; i++) sample(`y${i}`, Normal(scalar(`x${i}`), 1), { obs: i });
    },
  ],
  "a wide design": [
    false,
    () => void sample("y", Bernoulli({ logits: design(40).matmul(vector(13)) }), { obs: labels }),
  ],
  "a product that only a deterministic site needs": [
    true,
    () => {
      const b = vector(13);
      deterministic("fitted", design(14).matmul(b));
    },
  ],
};

for (const [name, [isSmall, model]] of Object.entries(models)) {
  test(`${name}: the program of logDensity`, async () => {
    const ld = await loadDensity(model, undefined, {});
    expect(isLoaded()).toBe(!isSmall);
    const whole = logDensity(model, undefined);
    expect(ld.interpreted).toBe(undefined);
    expect(ld.program!.code).toEqual(whole.program!.code);
    const x = wave(ld.dim);
    const [g, h] = [new Float64Array(ld.dim), new Float64Array(ld.dim)];
    expect(ld.valueAndGrad(x, g)).toBe(whole.valueAndGrad(x, h));
    expect(g).toEqual(h);
    expect(await loading(() => ld.constrainAll([x]))).toEqual(whole.constrainAll([x]));
  });
}

test("switched passes stay switched", async () => {
  for (const passes of [{ reroll: false }, { chunks: false }, { summarise: false }] as Partial<Passes>[]) {
    for (const [, model] of Object.values(models)) {
      const ld = await loadDensity(model, undefined, { passes });
      expect(ld.program!.code).toEqual(logDensity(model, undefined, { passes }).program!.code);
    }
  }
});

test("interpreted densities load nothing for their products", async () => {
  const ld = await loadDensity(models["a wide design"]![1], undefined, { interpret: true });
  expect(ld.interpreted).toBeDefined();
  expect(isLoaded()).toBe(false);
});

test("a model that throws does so as ever, whether it was loaded or not", async () => {
  const fails = () => {
    throw new RangeError("no");
  };
  await expect(loading(fails)).rejects.toThrow("no");
  await expect(loadDensity(fails, undefined, {})).rejects.toThrow("no");
});
