import { expect, test } from "vitest";
import "../../src/autodiff/grad.ts";
import { allPasses, withPasses } from "../../src/compiler/passes.ts";
import { plainChain } from "../../src/ops/logPartitionPlain.ts";

const names = (n: number): string[] => plainChain([n, 2], [2, 2]).order.map((x) => x.op.name);

test("the plain chain is the same whatever the switches of who asks", () => {
  const off = Object.fromEntries(Object.keys(allPasses).map((k) => [k, false]));
  const first = withPasses(off, () => names(9));
  for (let n = 10; n < 20; n++) names(n);
  expect(names(9)).toEqual(first);
});
test("the bodies asked for last are kept, and no others", () => {
  const body = plainChain([9, 2], [2, 2]);
  expect(plainChain([9, 2], [2, 2])).toBe(body);
  for (let n = 10; n < 20; n++) plainChain([n, 2], [2, 2]);
  expect(plainChain([9, 2], [2, 2])).not.toBe(body);
});
