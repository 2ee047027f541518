import fc from "fast-check";
import { describe, test } from "vitest";
import { runs } from "../ops/runs.ts";
import { graphCases } from "./randomGraph.ts";
import { enginesAgree } from "./randomGraphProperty.ts";

describe("random graphs", () => {
  test("compiled, interpreted and eager values and gradients agree", () => {
    fc.assert(fc.property(graphCases(15), enginesAgree), runs(120));
  });
});
