import fc from "fast-check";
import { describe, test } from "vitest";
import { graphCases, longGraphCases } from "../compiler/randomGraph.ts";
import { enginesAgree, secondDerivativesAgree } from "../compiler/randomGraphProperty.ts";

describe("random graphs, thousands", () => {
  test.each([
    [3, 4000],
    [15, 4000],
    [40, 1500],
  ])("up to %i operations, %i graphs", (length, numRuns) => {
    fc.assert(fc.property(graphCases(length), enginesAgree), { numRuns });
  });
  test.each([
    [4, 2000],
    [12, 2000],
  ])("over hundreds of rows, up to %i operations, %i graphs", (length, numRuns) => {
    fc.assert(fc.property(longGraphCases(length), enginesAgree), { numRuns });
  });
  test.each([
    [graphCases, 8],
    [longGraphCases, 6],
  ])("second derivatives, %o", (cases, length) => {
    fc.assert(fc.property(cases(length), secondDerivativesAgree), { numRuns: 2000 });
  });
});
