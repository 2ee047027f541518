import { logDensity } from "lapilli";
import { describe, expect, test } from "vitest";
import { solvedPosteriors } from "./posteriors.ts";
import { dataOf, referencePoints, stanOrder } from "./references.ts";

/** The reference solved to 1e-5 (relative) and 1e-3; where its log density is steep, it is off by more than its solution. */
const steep = 1000;

for (const posterior of solvedPosteriors) {
  const data = dataOf(posterior);
  const reference = referencePoints(posterior.name);
  const available = data !== undefined && reference !== undefined;
  const title = available
    ? posterior.name
    : `${posterior.name} (skipped: its data, ../shared/posteriors, are not here)`;

  describe.skipIf(!available)(title, () => {
    test.each(["compiled", "interpreted"])("%s: log density and gradient to 2e-3 where they are not steep", (how) => {
      const ld = logDensity(posterior.bind(data!), undefined, { interpret: how === "interpreted" });
      expect(ld.interpreted === undefined).toBe(how === "compiled");
      const order = stanOrder(ld, reference!.parameters);
      const gradient = new Float64Array(ld.dim);
      const points = reference!.points.filter((p) => p.gradient.every((g) => Math.abs(g) < steep));
      expect(points.length).toBeGreaterThanOrEqual(4);
      const constants = points.map((p) => {
        const value = ld.valueAndGrad(
          Float64Array.from(order, (i) => p.unconstrained[i]!),
          gradient,
        );
        gradient.forEach((g, i) => {
          const theirs = p.gradient[order[i]!]!;
          expect(Math.abs(g - theirs)).toBeLessThan(2e-3 * Math.max(1, Math.abs(theirs)));
        });
        return value - p.logDensity;
      });
      for (const c of constants) expect(Math.abs(c - constants[0]!)).toBeLessThan(2e-3);
    });
    test("the gradient is that of the log density, where it is steep too", () => {
      const ld = logDensity(posterior.bind(data!), undefined);
      const order = stanOrder(ld, reference!.parameters);
      const [gradient, other] = [new Float64Array(ld.dim), new Float64Array(ld.dim)];
      for (const { unconstrained } of reference!.points) {
        const at = Float64Array.from(order, (i) => unconstrained[i]!);
        ld.valueAndGrad(at, gradient);
        const scale = Math.max(1, ...gradient.map(Math.abs));
        at.forEach((x, i) => {
          const value = (y: number): number => {
            at[i] = y;
            return ld.valueAndGrad(at, other);
          };
          const h = 1e-5;
          const slope = (value(x + h) - value(x - h)) / (2 * h);
          at[i] = x;
          expect(Math.abs(slope - gradient[i]!)).toBeLessThan(2e-3 * scale);
        });
      }
    });
  });
}
