import { nuts, type SampleOptions } from "lapilli";
import { describe, expect, test } from "vitest";
import { objectionsTwice } from "../posteriors/gate.ts";
import { posteriors } from "../posteriors/posteriors.ts";
import { dataOf, referenceMoments } from "../posteriors/references.ts";

/** Posteriors that need many draws for an effective sample size of 2000. */
const settings: Readonly<Record<string, SampleOptions>> = {
  "irt_2pl-irt_2pl": { draws: 12_000, targetAcceptance: 0.9 },
  "seeds_data-seeds_stanified_model": { draws: 12_000, targetAcceptance: 0.95 },
  mice_weibull: { draws: 8000 },
  rhs_linear: { draws: 10_000, targetAcceptance: 0.99 },
};

for (const [name, options] of Object.entries(settings)) {
  const posterior = posteriors.find((p) => p.name === name)!;
  const data = dataOf(posterior);
  const moments = referenceMoments(name);
  const available = data !== undefined && moments !== undefined;

  describe.skipIf(!available)(available ? name : `${name} (skipped: ../shared/posteriors is not here)`, () => {
    test("means, standard deviations and quantiles agree with the reference", async () => {
      const run = (seed: number) =>
        nuts(posterior.bind(data!), undefined, { chains: 4, warmup: 2000, ...options, seed, progress: false });
      expect(await objectionsTwice(run, moments!)).toEqual([]);
    });
  });
}
