import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AffineTransform,
  composed,
  constraints,
  ExpTransform,
  IdentityTransform,
  inverted,
  LogNormal,
  Normal,
  PowerTransform,
  SigmoidTransform,
  SoftplusTransform,
  StickBreakingTransform,
  TanhTransform,
  type Transform,
  transformed,
  Uniform,
} from "../../distributions/index.ts";
import { grad } from "../../src/autodiff/grad.ts";
import { key } from "../../src/random/key.ts";
import { zeros } from "../../src/tensor/create.ts";
import { asTensor, type Tensor } from "../../src/tensor/tensor.ts";

const elementwise: readonly Transform[] = [
  IdentityTransform(),
  ExpTransform(),
  SigmoidTransform(),
  TanhTransform(),
  SoftplusTransform(),
  AffineTransform(3, -2),
  composed(AffineTransform(1, 0.5), ExpTransform(), PowerTransform(1.5)),
  inverted(composed(AffineTransform(1, 2), TanhTransform())),
];

describe("transforms", () => {
  for (const t of elementwise) {
    it(`${t.name}: inverse and log-Jacobian against autodiff`, () => {
      // atanh stops at 1.
      const range = t.domain.kind === "real" && !t.name.startsWith("inverse") ? 3 : 0.4;
      fc.assert(
        fc.property(fc.double({ min: -range, max: range, noNaN: true }), (x) => {
          const y = t.forward(x);
          expect(t.inverse(y).item()).toBeCloseTo(x, 9);
          const slope = grad<Tensor>((v: Tensor) => t.forward(v))(asTensor(x)).item();
          expect(t.logAbsDetJacobian(x, y).item()).toBeCloseTo(Math.log(Math.abs(slope)), 9);
        }),
        { numRuns: 50 },
      );
    });
  }

  it("know their images", () => {
    expect(AffineTransform(1, -2, constraints.positive).codomain.name).toBe("lessThan(1)");
    expect(AffineTransform(1, 2, constraints.unitInterval).codomain.name).toBe("interval(1, 3)");
    expect(composed(AffineTransform(0, 1), StickBreakingTransform()).domain.eventDim).toBe(1);
    expect(() => composed()).toThrow("at least one transform");
  });
});

describe("transformed", () => {
  const made = transformed(Normal(0, 1), AffineTransform(0.5, 2), ExpTransform());

  it("is the log-normal distribution when it should be", () => {
    const same = LogNormal(0.5, 2);
    for (const x of [0.1, 1, 7]) {
      expect(made.logProb(x).item()).toBeCloseTo(same.logProb(x).item(), 12);
      expect(made.cdf(x).item()).toBeCloseTo(same.cdf(x).item(), 12);
    }
    expect(made.icdf(0.2).item()).toBeCloseTo(same.icdf(0.2).item(), 12);
    expect(made.sample(key(0), [5]).data).toEqual(same.sample(key(0), [5]).data);
    expect(made.support.name).toBe("positive");
  });

  it("turns the line round", () => {
    const d = transformed(Uniform(0, 1), AffineTransform(1, -2));
    expect(d.cdf(0).item()).toBeCloseTo(0.5, 14);
    expect(d.icdf(0.75).item()).toBeCloseTo(0.5, 14);
    expect(d.mean.item()).toBe(0);
    expect(d.variance.item()).toBeCloseTo(4 / 12, 14);
  });

  it("takes batches of numbers as vectors", () => {
    const d = transformed(Normal(zeros([5, 3]), 1), StickBreakingTransform());
    expect([d.batchShape, d.eventShape]).toEqual([[5], [4]]);
    const x = d.sample(key(1), [2]);
    expect(x.shape).toEqual([2, 5, 4]);
    expect(d.logProb(x).shape).toEqual([2, 5]);
    expect(d.toEvent(1).logProb(x).shape).toEqual([2]);
  });

  it("widens the batch to that of its parameters, drawn independently", () => {
    const d = transformed(Normal(0, 1), AffineTransform([0, 0, 0], 1));
    expect(d.batchShape).toEqual([3]);
    expect(new Set(d.sample(key(0)).data).size).toBe(3);
  });

  it("says what has no closed form", () => {
    expect(() => made.mean).toThrow("TransformedDistribution: mean has no closed form; estimate it from draws");
    expect(() => made.toJSON()).toThrow("transforms have no JSON form");
  });
});
