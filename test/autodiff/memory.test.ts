import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff/grad.ts";
import { tensor } from "../../src/tensor/create.ts";
import * as math from "../../src/tensor/math.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
};

/** Least bytes by which the heap grows in `times` calls: what leaks grows every time, code that the engine optimises once. */
function growth(body: () => void, times: number): number {
  for (let i = 0; i < 100; i++) body();
  const runs = Array.from({ length: 3 }, () => {
    const before = heap();
    for (let i = 0; i < times; i++) body();
    return heap() - before;
  });
  return Math.min(...runs);
}

test("eager expressions leave nothing behind", () => {
  const x = tensor([1, 2, 3]);
  expect(growth(() => x.mul(2).exp().add(x).sum().item(), 20_000)).toBeLessThan(2e5);
});
test("a running value is a value and not its history", () => {
  let x = tensor([1, 2, 3]);
  expect(
    growth(() => {
      x = x.mul(0.999).add(0.001);
    }, 20_000),
  ).toBeLessThan(2e5);
});
test("gradients leave nothing behind, also in a loop of updates", () => {
  let x = tensor([1, 2, 3]);
  const slope = grad((y: Tensor) => y.square().sum().add(math.logaddexp(y, 0).sum()));
  expect(
    growth(() => {
      x = x.sub(slope(x).mul(0.01));
    }, 3_000),
  ).toBeLessThan(2e5);
});
test("gradients of gradients too", () => {
  let x = tensor(1);
  const slope = grad(grad((y: Tensor) => y.pow(4).add(math.sin(y))) as (y: Tensor) => Tensor);
  expect(
    growth(() => {
      x = x.sub(slope(x).mul(0.001));
    }, 2_000),
  ).toBeLessThan(2e5);
});
