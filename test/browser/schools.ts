/** What every page does, and Node beside it: eight schools with NUTS, reported as plain data. */
import { dist, logDensity, nuts, plate, type SampleOptions, type SummaryRow, sample } from "lapilli";

const data = { y: [28, 8, -3, 7, -1, 1, 18, 12], sigma: [15, 10, 16, 11, 9, 11, 10, 18] };

const schools = ({ y, sigma }: typeof data): void => {
  const mu = sample("mu", dist.Normal(0, 5));
  const tau = sample("tau", dist.HalfCauchy(5));
  plate("school", 8, () => {
    const theta = sample("theta", dist.Normal(mu, tau));
    sample("y", dist.Normal(theta, sigma), { obs: y });
  });
};

export interface Report {
  /** Draws by site, chains end to end. */
  readonly draws: Readonly<Record<"mu" | "tau" | "theta", readonly number[]>>;
  readonly rows: readonly SummaryRow[];
  /** Why the density was interpreted, if it was. */
  readonly interpreted: string | undefined;
}

/** The options that are plain data, which can be sent to a page. */
export type SchoolsOptions = Pick<
  SampleOptions,
  "chains" | "warmup" | "draws" | "seed" | "targetAcceptance" | "strategy" | "workers" | "interpret"
>;

/** Samples eight schools. */
export async function sampleSchools(options: SchoolsOptions): Promise<Report> {
  const fit = await nuts(schools, data, { chains: 4, warmup: 300, draws: 300, seed: 20, ...options });
  const values = (site: string): number[] => Array.from(fit.draws(site).data);
  return {
    draws: { mu: values("mu"), tau: values("tau"), theta: values("theta") },
    rows: fit.summary().rows,
    interpreted: logDensity(schools, data).interpreted,
  };
}
