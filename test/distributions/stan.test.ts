import { describe, expect, it } from "vitest";
import { biject, type Constraint, constraints } from "../../distributions/index.ts";
import { sub } from "../../src/tensor/math.ts";
import { reshape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import figures from "../fixtures/stanTransforms.json" with { type: "json" };

const { interval, positive, positiveOrderedVector, orderedVector, real, simplex, unitInterval, independent } =
  constraints;

/** Declared parameters in order: the constraint (which may depend on earlier ones) and how many unconstrained numbers it takes. */
type Declarations = readonly (readonly [
  string,
  number,
  Constraint | ((earlier: ReadonlyMap<string, Tensor>) => Constraint),
])[];

const models: Readonly<Record<string, Declarations>> = {
  garch: [
    ["mu", 0, real],
    ["alpha0", 0, positive],
    ["alpha1", 0, unitInterval],
    ["beta1", 0, (earlier) => interval(0, sub(1, earlier.get("alpha1")!))],
  ],
  hmm_example: [
    ["theta1", 1, simplex],
    ["theta2", 1, simplex],
    ["mu", 2, positiveOrderedVector],
  ],
  bball_drive_event_0: [
    ["theta1", 1, simplex],
    ["theta2", 1, simplex],
    ["phi", 2, positiveOrderedVector],
    ["lambda", 2, positiveOrderedVector],
  ],
  low_dim_gauss_mix: [
    ["mu", 2, orderedVector],
    ["sigma", 2, independent(positive, 1)],
    ["theta", 0, unitInterval],
  ],
  GLM_Poisson_Data: [
    ["alpha", 0, interval(-20, 20)],
    ["beta1", 0, interval(-10, 10)],
    ["beta2", 0, interval(-10, 10)],
    ["beta3", 0, interval(-10, 10)],
  ],
};

interface Point {
  readonly constrained: Readonly<Record<string, number>>;
  readonly unconstrained: readonly number[];
  readonly logJacobian: number;
}

describe("bijections against Stan", () => {
  for (const [model, declarations] of Object.entries(models)) {
    it(model, () => {
      for (const point of (figures.points as unknown as Record<string, Point[]>)[model]!) {
        const values = new Map<string, Tensor>();
        const constrained: number[] = [];
        let at = 0;
        let logJacobian = 0;
        for (const [name, size, given] of declarations) {
          const t = biject(typeof given === "function" ? given(values) : given);
          const count = Math.max(1, size);
          const x = reshape(point.unconstrained.slice(at, at + count), size === 0 ? [] : [size]);
          at += count;
          const y = t.forward(x);
          values.set(name, y);
          logJacobian += t.logAbsDetJacobian(x, y).item();
          constrained.push(...y.data);
          Array.from(t.inverse(y).data).forEach((v, i) => {
            expect(v).toBeCloseTo(x.data[i]!, 9);
          });
        }
        expect(at).toBe(point.unconstrained.length);
        expect(logJacobian).toBeCloseTo(point.logJacobian, 10);
        Object.values(point.constrained).forEach((v, i) => {
          expect(constrained[i]!).toBeCloseTo(v, 11);
        });
      }
    });
  }
});
