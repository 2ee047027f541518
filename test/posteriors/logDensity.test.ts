import { type LogDensity, logDensity } from "lapilli";
import { describe, expect, test } from "vitest";
import { posteriors } from "./posteriors.ts";
import { dataOf, type Points, referencePoints, stanOrder } from "./references.ts";

/**
 * The largest error at the points. Log densities are compared as differences from the first point, relative to
 * max(1, |reference|); entries of the gradient likewise, each by itself.
 */
function largestErrors(ld: LogDensity, { parameters, points }: Points): { density: number; gradient: number } {
  const order = stanOrder(ld, parameters);
  const relative = (ours: number, theirs: number): number => Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs));
  const gradient = new Float64Array(ld.dim);
  const ours = points.map(({ unconstrained, gradient: theirs }) => {
    const value = ld.valueAndGrad(
      Float64Array.from(order, (i) => unconstrained[i]!),
      gradient,
    );
    return { value, error: Math.max(...gradient.map((g, i) => relative(g, theirs[order[i]!]!))) };
  });
  const differences = points.map(({ logDensity: lp }, i) =>
    relative(ours[i]!.value - ours[0]!.value, lp - points[0]!.logDensity),
  );
  return { density: Math.max(...differences), gradient: Math.max(...ours.map(({ error }) => error)) };
}

for (const posterior of posteriors) {
  const data = dataOf(posterior);
  const reference = referencePoints(posterior.name);
  const available = data !== undefined && reference !== undefined;
  const title = available
    ? posterior.name
    : `${posterior.name} (skipped: its data, ../shared/posteriors, are not here)`;

  describe.skipIf(!available)(title, () => {
    test.each(["compiled", "interpreted"])("%s: log density and gradient to 1e-9", (how) => {
      const ld = logDensity(posterior.bind(data!), undefined, { interpret: how === "interpreted" });
      expect(ld.interpreted === undefined).toBe(how === "compiled");
      expect(ld.dim).toBe(reference!.points[0]!.unconstrained.length);
      const errors = largestErrors(ld, reference!);
      expect(errors.density).toBeLessThan(1e-9);
      expect(errors.gradient).toBeLessThan(1e-9);
    });
  });
}
