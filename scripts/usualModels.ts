/** Small models of the usual kinds: what runs up to their first gradients runs for most models, and is what the build wants to know. */

/** Builds the log density and takes one gradient of every model, with the package as it was imported. */
export function runUsualModels({
  dist,
  sample,
  plate,
  take,
  tensor,
  logDensity,
}: Omit<typeof import("../src/index.ts"), "default">): void {
  const rows = 64;
  const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 7) % 11) / 4 - 1);
  const counts = Array.from({ length: rows }, (_, i) => i % 2);
  const groups = tensor(Array.from({ length: rows }, (_, i) => i % 8));
  const x = tensor(Array.from({ length: rows }, (_, i) => [1, ((i * 5) % 13) / 6 - 1, ((i * 3) % 17) / 8 - 1]));

  const schools = (): void => {
    const mu = sample("mu", dist.Normal(0, 5));
    const tau = sample("tau", dist.HalfCauchy(5));
    plate("school", 8, () => {
      const theta = sample("theta", dist.Normal(mu, tau));
      sample("y", dist.Normal(theta, 10), { obs: numbers(8) });
    });
  };
  const regression = (): void => {
    const beta = plate("column", 3, () => sample("beta", dist.Normal(0, 1)));
    const sigma = sample("sigma", dist.HalfNormal(1));
    sample("y", dist.Normal(x.matmul(beta), sigma), { obs: numbers(rows) });
  };
  const groupedCounts = (): void => {
    const spread = sample("spread", dist.LogNormal(0, 1));
    const slope = sample("slope", dist.Normal(0, 1));
    const ability = plate("group", 8, () => sample("ability", dist.Normal(0, 1)));
    const logits = take(ability.mul(spread), groups).add(slope.mul(numbers(rows)));
    sample("y", dist.Bernoulli({ logits }), { obs: counts });
  };
  for (const model of [schools, regression, groupedCounts]) {
    const { dim, valueAndGrad } = logDensity(model, undefined);
    valueAndGrad(new Float64Array(dim).fill(0.1), new Float64Array(dim));
  }
}
