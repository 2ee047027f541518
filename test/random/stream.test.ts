import { describe, expect, it } from "vitest";
import { bits, foldIn, type Key, key } from "../../src/random/key.ts";
import { normal } from "../../src/random/normal.ts";
import { elementStreams, stream } from "../../src/random/stream.ts";
import { uniform } from "../../src/random/uniform.ts";

const take = (n: number, draw: () => number): number[] => Array.from({ length: n }, draw);

describe("stream", () => {
  it("draws the elements of bits, uniform and normal one by one", () => {
    const k = key("stream");
    const [a, b, c] = [stream(k), stream(k), stream(k)];
    expect(take(50, () => a.bits())).toEqual([...bits(k, 50)]);
    expect(take(50, () => b.uniform())).toEqual(uniform(k, [50]).toArray());
    expect(take(50, () => c.normal())).toEqual(normal(k, [50]).toArray());
  });

  it("moves on by one draw whichever kind it was", () => {
    const k = key(5);
    const mixed = stream(k);
    mixed.bits();
    mixed.normal();
    expect(mixed.uniform()).toBe(uniform(k, [3]).data[2]);
  });

  it("has a state of its own", () => {
    const [a, b] = [stream(key(0)), stream(key(0))];
    a.uniform();
    a.uniform();
    expect(b.uniform()).toBe(stream(key(0)).uniform());
  });

  it("refuses what is no key", () => {
    expect(() => stream(7 as unknown as Key)).toThrow("stream: the first argument must be a Key, got 7.");
  });
});

describe("elementStreams", () => {
  it("starts the stream of foldIn(key, i) wherever it is set", () => {
    const k = key(9);
    const element = elementStreams(k);
    for (const i of [3, 0, 2 ** 32 + 1, 3]) {
      const expected = stream(foldIn(k, i));
      const actual = element(i);
      expect(take(5, () => actual.uniform())).toEqual(take(5, () => expected.uniform()));
    }
  });
});
