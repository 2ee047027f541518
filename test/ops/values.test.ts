import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromData } from "../../src/tensor/tensor.ts";
import { draw, drawSpecial, dtypeOf, seeds } from "./draw.ts";
import { difference, within } from "./engines.ts";
import { sameBits } from "./grid.ts";
import { records } from "./records.ts";
import { runs } from "./runs.ts";

describe("records give what a plain loop gives", () => {
  for (const { name, examples, known, specials } of records) {
    test(name, () => {
      fc.assert(
        fc.property(examples, seeds, fc.boolean(), (example, seed, special) => {
          const values = example.inputs.map((x, i) =>
            special && specials && known === "bits" ? drawSpecial(x, seed, i, true) : draw(x, seed, i),
          );
          const grids = example.inputs.map((x, i) => ({ shape: x.shape, data: values[i]! }));
          const expected = example.expected(...grids);
          const actual = example.apply(...example.inputs.map((x, i) => fromData(values[i]!, x.shape, dtypeOf(x))));
          expect([...actual.shape]).toEqual([...expected.shape]);
          const agree =
            known === "bits" ? sameBits : within((_i, b) => 1e-12 * (1 + Math.abs(b)) * (1 + values[0]!.length / 10));
          expect(difference(actual.data, expected.data, agree)).toBeUndefined();
        }),
        runs(25),
      );
    });
  }
});
