import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pullback } from "../../src/autodiff/reverse.ts";
import type { Node, TypedArray } from "../../src/compiler/graph.ts";
import { interpret } from "../../src/compiler/interpret.ts";
import { constantNode, inputNode } from "../../src/compiler/node.ts";
import { NotCompilable } from "../../src/compiler/placement.ts";
import { wrap } from "../../src/tensor/tensor.ts";
import { draw, drawSpecial, dtypeOf, seeds } from "./draw.ts";
import { difference, type Run, runCompiled, within } from "./engines.ts";
import { sameBits, sizeOf } from "./grid.ts";
import { type Example, records } from "./records.ts";
import { runs } from "./runs.ts";

const epsilon = 2 ** -52;
const traced = (example: Example): Node[] => example.inputs.map((x, i) => inputNode([...x.shape], dtypeOf(x), `x${i}`));

/** The compiled run; only graphs with empty tensors or integers may have none. */
function compiledRun(
  name: string,
  outputs: readonly Node[],
  inputs: readonly Node[],
  values: readonly TypedArray[],
): Run | undefined {
  const run = runCompiled(outputs, inputs, values);
  if (!(run instanceof NotCompilable)) return run;
  const isEmpty = [...inputs, ...outputs].some((x) => sizeOf(x.shape) === 0);
  expect(isEmpty || name === "cast to int32", run.message).toBe(true);
  return undefined;
}

describe("compiled records give what their reference definitions give", () => {
  for (const { name, examples, exact, specials, scale } of records) {
    test(`${name}: ${exact ? "bit for bit" : "within n ε"}`, () => {
      fc.assert(
        fc.property(examples, seeds, fc.boolean(), (example, seed, special) => {
          const inputs = traced(example);
          const output = example.apply(...inputs.map(wrap)).node;
          const values = example.inputs.map((x, i) =>
            special && specials ? drawSpecial(x, seed, i, exact) : draw(x, seed, i),
          );
          const run = compiledRun(name, [output], inputs, values);
          if (!run) return;
          const simplified = interpret(run.outputs, inputs, values)[0]!;
          const original = interpret([output], inputs, values)[0]!;
          const n = Math.max(...inputs.map((x) => sizeOf(x.shape)));
          const sizes =
            scale === "absolute"
              ? interpret(
                  [output],
                  inputs,
                  values.map((x) => x.map(Math.abs)),
                )[0]!
              : undefined;
          const tolerant = within((i, b) => 4 * (n + 8) * epsilon * (sizes ? sizes[i]! : 1 + Math.abs(b)));
          expect(difference(run.values[0]!, simplified, exact ? sameBits : tolerant)).toBeUndefined();
          // Simplification may round otherwise, or overflow at another place.
          if (!special) expect(difference(run.values[0]!, original, tolerant)).toBeUndefined();
        }),
        runs(25),
      );
    });
  }
});

describe("compiled gradients of records give what interpreted ones give", () => {
  for (const { name, examples, order } of records) {
    if (order === 0) continue;
    test(name, () => {
      fc.assert(
        fc.property(examples, seeds, (example, seed) => {
          const inputs = traced(example);
          const output = example.apply(...inputs.map(wrap)).node;
          const cotangent = constantNode(
            draw({ shape: output.shape, domain: [-1, 1] }, seed + 1),
            output.shape,
            "float64",
          );
          const variables = inputs.filter((x) => x.dtype === "float64");
          const outputs = pullback([output], [cotangent], variables).filter((x) => x !== undefined);
          const values = example.inputs.map((x, i) => draw(x, seed, i));
          const run = compiledRun(name, outputs, inputs, values);
          interpret(outputs, inputs, values).forEach((expected, k) => {
            const largest = Math.max(1, ...Array.from(expected, Math.abs));
            if (run)
              expect(
                difference(
                  run.values[k]!,
                  expected,
                  within(() => 1e-12 * largest),
                ),
              ).toBeUndefined();
          });
        }),
        runs(8),
      );
    });
  }
});
