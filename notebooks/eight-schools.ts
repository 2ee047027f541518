/**
 * Eight schools: what coaching did for test scores in eight schools, and how much the schools differ.
 *
 * The effect of each school is drawn around a common mean. Written "non-centred" (a standard normal, then shifted and
 * scaled), the posterior is easy to sample even where the schools hardly differ.
 */
import { readFileSync } from "node:fs";
import { deterministic, dist, nuts, plate, sample } from "lapilli";

interface Schools {
  readonly y: readonly number[];
  readonly sigma: readonly number[];
}

const model = ({ y, sigma }: Schools): void => {
  const mu = sample("mu", dist.Normal(0, 5));
  const tau = sample("tau", dist.HalfCauchy(5));
  plate("school", y.length, () => {
    const z = sample("z", dist.Normal(0, 1));
    const theta = deterministic("theta", mu.add(tau.mul(z)));
    sample("y", dist.Normal(theta, sigma), { obs: y });
  });
};

const data: Schools = JSON.parse(readFileSync(new URL("data/eight-schools.json", import.meta.url), "utf8"));
const started = performance.now();
const fit = await nuts(model, data, { chains: 4, warmup: 1000, draws: 1000, seed: 0 });
const seconds = (performance.now() - started) / 1000;

const { traceMs, compileMs, gradients, warmupMs, drawMs } = fit.cost;
console.log(String(fit.summary()));
console.log(
  `trace + compile ${(traceMs + compileMs).toFixed(1)} ms, ` +
    `${((1000 * 4 * (warmupMs + drawMs)) / gradients).toFixed(2)} µs per gradient, ${seconds.toFixed(2)} s in all`,
);
