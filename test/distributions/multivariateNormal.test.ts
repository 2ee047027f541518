/** Densities of normal vectors whose covariance depends on parameters. */
import { describe, expect, test } from "vitest";
import { logDensity } from "../../inference/logDensity.ts";
import { printProgram } from "../../inference/printProgram.ts";
import { dist, exp, eye, sample, square, type Tensor, tensor } from "../../src/index.ts";
import { cholesky } from "../../src/tensor/linalg.ts";

type Covariance = (scale: Tensor, noise: Tensor) => Tensor;
/** Observations of one normal vector, or of several, with the covariance or its factor as the parameter. */
const model =
  (y: readonly number[] | readonly number[][], covariance: Covariance, byFactor = false) =>
  () => {
    const scale = sample("scale", dist.Normal(0, 1));
    const noise = sample("noise", dist.Normal(0, 1));
    const mean = sample("mean", dist.Normal(0, 1));
    const a = covariance(scale, noise);
    const parameters = byFactor ? { scaleTril: cholesky(a) } : { covarianceMatrix: a };
    const obs = tensor(y as number[][]);
    const batch = obs.shape.slice(0, -1);
    const d = dist.MultivariateNormal({ loc: mean, ...parameters });
    sample("y", batch.length ? d.expand(batch).toEvent(batch.length) : d, { obs });
  };
const points = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(1.7 * i) * 3);
const kernel =
  (x: readonly number[]): Covariance =>
  (scale, noise) =>
    exp(square(tensor(x).expandDims(1).sub(x)).mul(exp(scale)).mul(-0.5)).add(exp(noise).mul(eye(x.length)));

function at(ld: ReturnType<typeof logDensity>, q: readonly number[]) {
  const gradient = new Float64Array(ld.dim);
  return { value: ld.valueAndGrad(Float64Array.from(q), gradient), gradient: [...gradient] };
}

describe("by covariance", () => {
  test.each([1, 2, 3, 7, 8, 11, 12, 33, 64, 65, 80])("is the density by factor, n = %i", (n) => {
    const x = points(n);
    const [direct, byFactor] = [false, true].map((f) => logDensity(model(x.map(Math.cos), kernel(x), f), undefined));
    for (const q of [
      [0.3, -0.5, 0.2],
      [-1, -3, 0],
    ]) {
      const [a, b] = [at(direct!, q), at(byFactor!, q)];
      const size = Math.max(1, ...[b.value, ...b.gradient].map(Math.abs));
      expect(Math.abs(a.value - b.value)).toBeLessThan(1e-12 * size * n);
      a.gradient.forEach((g, i) => {
        expect(Math.abs(g - b.gradient[i]!)).toBeLessThan(1e-11 * size * n);
        const moved = (h: number) => at(direct!, q.with(i, q[i]! + h)).value;
        expect(Math.abs(g - (moved(1e-5) - moved(-1e-5)) / 2e-5)).toBeLessThan(1e-6 * size);
      });
    }
  });

  test("several vectors share one elimination", () => {
    const y = Array.from({ length: 5 }, (_, i) => points(4).map((v) => Math.cos(v + i)));
    const [direct, byFactor] = [false, true].map((f) => logDensity(model(y, kernel(points(4)), f), undefined));
    const [a, b] = [at(direct!, [0.3, -0.5, 0.2]), at(byFactor!, [0.3, -0.5, 0.2])];
    expect(a.value).toBeCloseTo(b.value, 11);
    a.gradient.forEach((g, i) => {
      expect(g).toBeCloseTo(b.gradient[i]!, 10);
    });
    expect(printProgram(direct!).match(/= inverseFactor\(/g)).toHaveLength(1);
    expect(printProgram(direct!)).not.toMatch(/cholesky|solveTriangular/);
  });

  test.each([3, 40, 70])("NaN where it is not positive definite, n = %i", (n) => {
    const notPositive: Covariance = (scale) => eye(n).mul(scale);
    const ld = logDensity(model(new Array(n).fill(0.5), notPositive), undefined);
    const { value, gradient } = at(ld, [-1, 0, 0]);
    expect(value).toBeNaN();
    expect(gradient[0]).toBeNaN();
    expect(at(ld, [1, 0, 0]).value).toBeCloseTo(
      -n * (0.5 * Math.log(2 * Math.PI) + 0.125) - 0.5 - 1.5 * Math.log(2 * Math.PI),
      10,
    );
  });

  test("a known covariance is factored once and for all", () => {
    const known: Covariance = () => kernel([0, 1, 2])(tensor(0), tensor(0));
    const ld = logDensity(model([1, 2, 3], known), undefined);
    expect(printProgram(ld)).not.toMatch(/inverseFactor|cholesky/);
  });

  test("a covariance that serves more vectors than one each keeps its factor", () => {
    const pair: Covariance = (scale) =>
      tensor([eye(2), eye(2).mul(2)].map((x) => x.toArray() as number[][])).mul(exp(scale));
    const ld = logDensity(
      model(
        new Array(3).fill([
          [1, 2],
          [3, 4],
        ]) as never,
        pair,
      ),
      undefined,
    );
    expect(printProgram(ld)).toMatch(/cholesky\(/);
    expect(printProgram(ld)).not.toMatch(/inverseFactor/);
  });
});
