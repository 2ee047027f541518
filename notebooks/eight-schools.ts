/**
 * Eight schools: what coaching did for test scores in eight schools, and how much the schools differ.
 *
 * The effect of each school is drawn around a common mean. Written "non-centred" (a standard normal, then shifted and
 * scaled), the posterior is easy to sample even where the schools hardly differ.
 */
import { readFileSync } from "node:fs";
import { deterministic, dist, logDensity, nuts, plate, sample } from "lapilli";

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
const fit = await nuts(model, data, { chains: 4, warmup: 1000, draws: 1000, seed: 0, strategy: "workers" });
const seconds = (performance.now() - started) / 1000;
console.log(String(fit.summary()));

/** Microseconds for log density and gradient at one point, once the engine has optimised the program. */
function microsecondsPerGradient(calls = 20_000): number {
  const { dim, valueAndGrad } = logDensity(model, data);
  const [point, gradient] = [new Float64Array(dim).fill(0.1), new Float64Array(dim)];
  let best = Number.POSITIVE_INFINITY;
  for (let block = 0; block < 5; block++) {
    const before = performance.now();
    for (let i = 0; i < calls; i++) valueAndGrad(point, gradient);
    best = Math.min(best, (1000 * (performance.now() - before)) / calls);
  }
  return best;
}

const { traceMs, compileMs, gradients } = fit.cost;
console.log(
  `trace + compile ${(traceMs + compileMs).toFixed(1)} ms, ${microsecondsPerGradient().toFixed(3)} µs per gradient, ` +
    `${gradients} gradients, ${seconds.toFixed(2)} s in all`,
);
