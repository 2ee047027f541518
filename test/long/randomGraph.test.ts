import fc from "fast-check";
import { describe, test } from "vitest";
import { graphCases } from "../compiler/randomGraph.ts";
import { enginesAgree } from "../compiler/randomGraphProperty.ts";

describe("random graphs, thousands", () => {
  test.each([
    [3, 4000],
    [15, 4000],
    [40, 1500],
  ])("up to %i operations, %i graphs", (length, numRuns) => {
    fc.assert(fc.property(graphCases(length), enginesAgree), { numRuns });
  });
});
