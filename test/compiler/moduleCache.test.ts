import { dist, jit, logDensity, matmul, sample, type Tensor, tensor } from "lapilli";
import { afterEach, beforeEach, expect, test } from "vitest";

const { Module } = WebAssembly;
let compiled = 0;
beforeEach(() => {
  compiled = 0;
  WebAssembly.Module = new Proxy(Module, {
    construct: (target, args: [BufferSource]) => {
      compiled++;
      return new target(...args);
    },
  });
});
afterEach(() => {
  WebAssembly.Module = Module;
});

interface Data {
  readonly X: readonly (readonly number[])[];
  readonly y: readonly number[];
}
const dataOf = (rows: number, step: number): Data => ({
  X: Array.from({ length: rows }, (_, i) => [1, Math.sin(step * i), Math.cos(step * i)]),
  y: Array.from({ length: rows }, (_, i) => ((7 * i) % 5 < 2 ? 1 : 0)),
});
const model = ({ X, y }: Data): void => {
  const beta = sample("beta", dist.Normal(0, 1).expand([3]));
  sample("y", dist.Bernoulli({ logits: matmul(X, beta) }), { obs: y });
};

test("the same model on other data of the same shape compiles nothing, on data of another shape once", () => {
  const first = logDensity(model, dataOf(51, 0.7));
  expect(compiled).toBe(1);
  const second = logDensity(model, dataOf(51, 1.3));
  expect(compiled).toBe(1);
  const x = Float64Array.of(0.2, -0.3, 0.5);
  expect(second.value(x)).not.toBe(first.value(x));
  logDensity(model, dataOf(53, 0.7));
  expect(compiled).toBe(2);
});

test("a jitted function of its data compiles once for each shape", () => {
  const loss = jit((w: Tensor, X: Tensor, y: Tensor) => matmul(X, w).sub(y).square().sum());
  const w = [0.1, 0.2, 0.3];
  const at = ({ X, y }: Data): number => loss(tensor(w), tensor(X), tensor(y)).item();
  expect(at(dataOf(31, 0.7))).not.toBe(at(dataOf(31, 1.3)));
  expect(compiled).toBe(1);
  at(dataOf(33, 0.7));
  expect(compiled).toBe(2);
});
