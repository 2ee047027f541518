/** Log densities of traces. */
import { zeros } from "../tensor/create.ts";
import { add, cast, mul, where } from "../tensor/math.ts";
import { sum } from "../tensor/reduce.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { FactorSite, SampleSite, Site } from "./message.ts";

/** Whether a site adds to the log density. */
export const hasLogProb = (site: Site): site is SampleSite | FactorSite =>
  site.kind === "sample" || site.kind === "factor";

/**
 * The log density of a site before its scale: one number a batch entry, 0 where masked.
 */
export function siteLogProb(site: SampleSite | FactorSite): Tensor {
  if (site.kind === "factor") return site.mask === undefined ? site.value : where(site.mask, site.value, 0);
  const distribution = site.mask === undefined ? site.distribution : site.distribution.mask(site.mask);
  return distribution.logProb(site.value);
}

/**
 * The log density of a whole trace, a float64 scalar: over sample and factor sites, the sum of log densities times their scales.
 *
 * @example
 * traceLogDensity(trace(seed(model, 0)).get(data)).item();
 */
export function traceLogDensity(trace: { readonly sites: ReadonlyMap<string, Site> }): Tensor {
  let total: Tensor | undefined;
  for (const site of trace.sites.values()) {
    if (!hasLogProb(site)) continue;
    const term = scaledSum(siteLogProb(site), site.scale);
    total = total === undefined ? term : add(total, term);
  }
  return total ?? zeros([]);
}

/** The sum of a site's log density, weighted by its scale: a float64 scalar. */
export function scaledSum(logProb: Tensor, scale: number | Tensor): Tensor {
  const x = logProb.dtype === "float64" ? logProb : cast(logProb, "float64");
  if (scale === 1) return x.rank === 0 ? x : sum(x);
  return typeof scale === "number" || scale.rank === 0 ? mul(sum(x), scale) : sum(mul(x, scale));
}
