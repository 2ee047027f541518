import fc from "fast-check";
import { describe, test } from "vitest";
import { runs } from "../ops/runs.ts";
import { graphCases, longGraphCases } from "./randomGraph.ts";
import { enginesAgree, secondDerivativesAgree } from "./randomGraphProperty.ts";

describe("random graphs", () => {
  test("compiled, interpreted and eager values and gradients agree", () => {
    fc.assert(fc.property(graphCases(15), enginesAgree), runs(60));
  });
  test("over hundreds of rows", () => {
    fc.assert(fc.property(longGraphCases(8), enginesAgree), runs(40));
  });
  test("second derivatives agree with those of the program without passes", () => {
    fc.assert(fc.property(longGraphCases(5), secondDerivativesAgree), runs(15));
  });
});
