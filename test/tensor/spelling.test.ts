import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editDistance, nearestName, suggestion } from "../../src/tensor/spelling.ts";

describe("edit distance", () => {
  test("known answers", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("flaw", "lawn")).toBe(2);
  });

  test("is a metric", () => {
    const word = fc.string({ maxLength: 6 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});

describe("suggestions", () => {
  test("the nearest name, or none when nothing is near", () => {
    expect(nearestName("thta", ["mu", "tau", "theta"])).toBe("theta");
    expect(nearestName("Tau", ["mu", "tau", "theta"])).toBe("tau");
    expect(nearestName("x", ["mu", "y"])).toBeUndefined();
    expect(nearestName("intercept", ["mu", "y"])).toBeUndefined();
  });

  test("sentences", () => {
    expect(suggestion("thta", ["mu", "theta"])).toBe('; did you mean "theta"? There are "mu", "theta".');
    expect(suggestion("zzz", ["mu"])).toBe('. There is "mu".');
    expect(suggestion("zzz", [])).toBe("; there are none.");
    expect(
      suggestion(
        "q",
        Array.from({ length: 30 }, (_, i) => `site${i}`),
        2,
      ),
    ).toBe('. There are "site0", "site1", … (30 in all).');
  });
});
