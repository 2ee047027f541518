import { dist, nuts, sample } from "lapilli";
import { describe, expect, it } from "vitest";

const model = (): void => {
  sample("x", dist.Normal(0, 1));
};

describe("a progress listener that throws", () => {
  it.each(["inProcess", "workers", "auto"] as const)("rejects the run (%s)", async (strategy) => {
    const onProgress = (): void => {
      throw new Error("boom");
    };
    await expect(nuts(model, undefined, { strategy, onProgress, draws: 50, warmup: 50 })).rejects.toThrow("boom");
  });
});
