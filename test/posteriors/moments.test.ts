import { nuts } from "lapilli";
import { describe, expect, test } from "vitest";
import { objectionsTwice } from "./gate.ts";
import { posteriors } from "./posteriors.ts";
import { dataOf, referenceMoments } from "./references.ts";

/** Draws a chain that give an effective sample size of 2000 with a margin. */
const draws: Readonly<Record<string, number>> = {
  "eight_schools-eight_schools_noncentered": 2000,
  "sblrc-blr": 5000,
  "arK-arK": 2000,
  "nes1980-nes": 2500,
  "kidiq-kidscore_interaction": 7000,
  "earnings-logearn_interaction": 6000,
  "mesquite-logmesquite_logvas": 4000,
  "kilpisjarvi_mod-kilpisjarvi": 9000,
  "radon_mn-radon_hierarchical_intercept_noncentered": 4000,
  "wells_data-wells_dae_inter_model": 1000,
  "GLM_Poisson_Data-GLM_Poisson_model": 3000,
  "low_dim_gauss_mix-low_dim_gauss_mix": 1500,
  "gp_pois_regr-gp_regr": 1500,
};

for (const [name, count] of Object.entries(draws)) {
  const posterior = posteriors.find((p) => p.name === name)!;
  const data = dataOf(posterior);
  const moments = referenceMoments(name);
  const available = data !== undefined && moments !== undefined;

  describe.skipIf(!available)(available ? name : `${name} (skipped: ../shared/posteriors is not here)`, () => {
    test("means, standard deviations and quantiles agree with the reference", { timeout: 120_000 }, async () => {
      const run = (seed: number) =>
        nuts(posterior.bind(data!), undefined, { chains: 4, warmup: 1000, draws: count, seed, progress: false });
      expect(await objectionsTwice(run, moments!)).toEqual([]);
    });
  });
}
