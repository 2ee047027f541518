/** Whether sampled moments agree with known ones. */
import { type Fit, mcseQuantile } from "lapilli";
import { fromData } from "../../src/tensor/tensor.ts";
import type { Moments, MomentsByName } from "./references.ts";

const quantiles = { q5: 0.05, q50: 0.5, q95: 0.95 } as const;

export interface Score {
  /** Such as "sd of theta[3]". */
  readonly what: string;
  /** (estimate − reference) over the standard error of the difference. */
  readonly z: number;
}

export interface Verdict {
  readonly scores: readonly Score[];
  readonly rootMeanSquare: number;
  /** The least effective sample size, bulk or tail. */
  readonly ess: number;
}

/** Compares a fit with moments by element name. @throws Error if the fit lacks an element. */
export function judge(fit: Fit, moments: MomentsByName): Verdict {
  const rows = new Map(fit.summary().rows.map((row) => [row.name, row]));
  const scores: Score[] = [];
  let ess = Infinity;
  for (const [element, known] of Object.entries(moments)) {
    const row = rows.get(element);
    if (!row) throw new Error(`The fit has no "${element}".`);
    ess = Math.min(ess, row.ess_bulk, row.ess_tail);
    const draws = drawsOf(fit, element);
    const error = (figure: keyof typeof quantiles): number => mcseQuantile(draws, quantiles[figure]);
    const estimates: readonly (readonly [keyof Moments, number, () => number])[] = [
      ["mean", row.mean, () => row.mcse_mean],
      ["sd", row.sd, () => row.mcse_sd],
      ["q5", row.q5, () => error("q5")],
      ["q50", row.q50, () => error("q50")],
      ["q95", row.q95, () => error("q95")],
    ];
    for (const [figure, estimate, own] of estimates) {
      const value = known[figure];
      if (value === undefined) continue;
      const theirs = known[`mcse_${figure}` as keyof Moments] ?? 0;
      scores.push({ what: `${figure} of ${element}`, z: (estimate - value) / Math.hypot(own(), theirs) });
    }
  }
  const rootMeanSquare = Math.sqrt(scores.reduce((sum, { z }) => sum + z * z, 0) / scores.length);
  return { scores, rootMeanSquare, ess };
}

/** What speaks against a run: empty when it passes. */
export function objections({ scores, rootMeanSquare, ess }: Verdict, leastEss = 2000): string[] {
  return [
    ...(ess >= leastEss ? [] : [`the least ESS is ${ess.toFixed(0)}`]),
    ...(rootMeanSquare < 1.6 ? [] : [`the root mean square of z is ${rootMeanSquare.toFixed(2)}`]),
    ...scores.filter(({ z }) => !(Math.abs(z) < 4)).map(({ what, z }) => `z is ${z.toFixed(2)} for ${what}`),
  ];
}

/**
 * The objections to a run, or to a second one with another seed if there are any: with a thousand scores, one beyond 4
 * comes by chance now and then, but not twice.
 */
export async function objectionsTwice(
  run: (seed: number) => Promise<Fit>,
  moments: MomentsByName,
  leastEss?: number,
): Promise<string[]> {
  const first = objections(judge(await run(1), moments), leastEss);
  if (first.length === 0) return [];
  const second = objections(judge(await run(2), moments), leastEss);
  return second.length === 0 ? [] : [...first, "and with another seed:", ...second];
}

/** Draws of one element, [chains, draws]. */
function drawsOf(fit: Fit, element: string): ReturnType<typeof fromData> {
  const [, site, index] = /^([^[]*)(?:\[(\d+)\])?$/.exec(element) ?? [];
  const { data, shape } = fit.draws(site!);
  const [chains, draws] = [shape[0]!, shape[1]!];
  const size = data.length / (chains * draws);
  return fromData(
    Float64Array.from({ length: chains * draws }, (_, i) => data[i * size + Number(index ?? 0)]!),
    [chains, draws],
  );
}
