import fc from "fast-check";
import seedrandom from "seedrandom";
import { describe, expect, it } from "vitest";
import { bits, bits64, foldIn, isKey, type Key, key, split } from "../../src/random/key.ts";
import { threefry2x32 } from "../../src/random/threefry.ts";
import fixture from "../fixtures/random.json" with { type: "json" };

const pair = (k: Key): number[] => [k.hi, k.lo];
const anyKey = fc.record({ hi: fc.nat(0xffffffff), lo: fc.nat(0xffffffff) });

describe("threefry2x32", () => {
  it.each([
    // Random123's kat_vectors, 20 rounds: counter, key, result
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)("maps counter %j under key %j to the published %j", ([c0, c1], [k0, k1], expected) => {
    const out = new Uint32Array(2);
    threefry2x32(k0, k1, c0, c1, out);
    expect([...out]).toEqual(expected);
    const signed = new Int32Array(2);
    threefry2x32(k0 | 0, k1 | 0, c0 | 0, c1 | 0, signed);
    expect([...new Uint32Array(signed.buffer)]).toEqual(expected);
  });
});

describe(`keys equal those of ${fixture.source}`, () => {
  it.each(fixture.keys)("for seed $seed", (expected) => {
    const k = key(expected.seed);
    expect(pair(k)).toEqual(expected.key);
    expect(split(k).map(pair)).toEqual(expected.split2);
    expect(split(k, 5).map(pair)).toEqual(expected.split5);
    for (const [data, folded] of Object.entries(expected.foldIn)) expect(pair(foldIn(k, Number(data)))).toEqual(folded);
    expect([...bits(k, 7)]).toEqual(expected.bits32);
    expect(Array.from(bits64(k, 5), (word) => word.toString(16).padStart(16, "0"))).toEqual(expected.bits64);
  });
});

describe("key", () => {
  it("hashes strings and numbers that are no counts, always to the same key", () => {
    const seeds = ["", "0", "my run", -1, 0.5, 1e300];
    const keys = seeds.map(key);
    expect(new Set(keys.map((k) => JSON.stringify(k))).size).toBe(seeds.length);
    expect(seeds.map(key)).toEqual(keys);
    expect(key("0")).not.toEqual(key(0));
    expect(key("-1")).toEqual(key(-1));
    // Two words of seedrandom("6:my run").int32(): a string seed means the same for ever.
    expect(pair(key("my run"))).toEqual([236542172, 2777455977]);
  });

  it("tells apart what seedrandom alone confuses: repetitions, and characters beyond 255", () => {
    expect(seedrandom("theta").int32()).toBe(seedrandom("thetatheta").int32());
    const seeds = [
      "a",
      "aa",
      "aaa",
      "ab",
      "abab",
      "\u0101",
      "\u0001",
      "\u00e9",
      "x".repeat(300),
      "x".repeat(301),
      "x".repeat(600),
    ];
    expect(new Set(seeds.map((seed) => JSON.stringify(key(seed)))).size).toBe(seeds.length);
    expect(new Set(seeds.map((seed) => JSON.stringify(foldIn(key(0), seed)))).size).toBe(seeds.length);
  });

  it("is plain data", () => {
    const k = key("run");
    expect(structuredClone(k)).toEqual(k);
    expect(isKey(JSON.parse(JSON.stringify(k)))).toBe(true);
  });

  it.each([[undefined], [null], [Number.NaN], [Number.POSITIVE_INFINITY], [{}]])("refuses the seed %s", (seed) => {
    expect(() => key(seed as unknown as number)).toThrow(/key: a seed is a finite number or a string, got .*key\(0\)/);
  });
});

describe("split and foldIn", () => {
  it("foldIn(k, i) is split(k, n)[i]", () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 1, max: 20 }), (k, n) => {
        expect(split(k, n)).toEqual(Array.from({ length: n }, (_, i) => foldIn(k, i)));
      }),
    );
  });

  it("tells data apart, strings and numbers beyond 32 bits included", () => {
    fc.assert(
      fc.property(anyKey, fc.string(), fc.string(), fc.nat(1000), (k, a, b, i) => {
        if (a !== b) expect(foldIn(k, a)).not.toEqual(foldIn(k, b));
        expect(foldIn(k, i + 2 ** 32)).not.toEqual(foldIn(k, i));
        expect(foldIn(k, a)).toEqual(foldIn(k, a));
        expect(isKey(foldIn(k, a))).toBe(true);
      }),
    );
  });

  it("does not change the key it is given", () => {
    const k = Object.freeze(key(3));
    split(k);
    foldIn(k, "x");
    expect(k).toEqual({ hi: 0, lo: 3 });
  });

  it("says what is wrong", () => {
    expect(() => split(0 as unknown as Key)).toThrow(
      "split: the first argument must be a Key, got 0. Make one from a seed: key(0).",
    );
    expect(() => foldIn({ hi: -1, lo: 0 }, 0)).toThrow(/foldIn: .*an object with keys hi, lo/);
    expect(() => split(key(0), -1)).toThrow("split: the number of keys is -1, but must be a non-negative integer.");
    expect(() => foldIn(key(0), Number.NaN)).toThrow("foldIn: the data is a finite number or a string, got NaN.");
  });
});
