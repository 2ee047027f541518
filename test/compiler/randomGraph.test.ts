import fc from "fast-check";
import { describe, test } from "vitest";
import { graphCases } from "./randomGraph.ts";
import { enginesAgree } from "./randomGraphProperty.ts";

describe("random graphs", () => {
  test("compiled, interpreted and eager values and gradients agree", () => {
    fc.assert(fc.property(graphCases(15), enginesAgree), { numRuns: Number(process.env.RUNS ?? 120) });
  });
});
