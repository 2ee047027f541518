import fc from "fast-check";
import { describe, test } from "vitest";
import { runs } from "../ops/runs.ts";
import { graphCases, longGraphCases } from "./randomGraph.ts";
import { enginesAgree } from "./randomGraphProperty.ts";

describe("random graphs", () => {
  test("compiled, interpreted and eager values and gradients agree", () => {
    fc.assert(fc.property(graphCases(15), enginesAgree), runs(120));
  });
  test("so do those of graphs over hundreds of rows", () => {
    fc.assert(fc.property(longGraphCases(8), enginesAgree), runs(60));
  });
});
