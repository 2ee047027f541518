/** The seam between models and samplers: a model and its data as a density over one flat unconstrained vector. */
import { compile } from "../src/compiler/compile.ts";
import { type Passes, withPasses } from "../src/compiler/passes.ts";
import { rewriteDensity } from "../src/ops/rewriteDensity.ts";
import { rollRows } from "../src/ops/rollRows.ts";
import type { DensityOptions } from "./densityEngine.ts";
import { buildDensity, type LogDensity, type Model, traceDensity } from "./modelDensity.ts";
import { checkModel } from "./modelRun.ts";
import { watched } from "./nonFinite.ts";
import { checkLogDensityOptions } from "./sampleOptions.ts";
import { unconstrain } from "./unconstrain.ts";

export interface LogDensityOptions extends DensityOptions {
  /**
   * Stop at the first point where the log density is NaN, or finite with a gradient that is not, and say which site, operation and line
   * of the model it comes from. A log density of -Infinity is no error: samplers reject the point. Default false.
   */
  readonly debugNans?: boolean;
  /** Rewritings of the compiler that can be switched off, to look for a fault or to compare. All are on by default. */
  readonly passes?: Partial<Passes>;
}

/**
 * Traces a model on data, differentiates its log density and compiles both to one program. Data are constants: whatever
 * depends on them alone is computed once.
 *
 * @param model - any function that calls `sample`; it is called once
 * @param data - its argument
 * @throws Error when the model has no latent site; ModelError, naming the site and the line, when it throws.
 * @example
 * const ld = logDensity(() => { sample("x", dist.Normal(0, 1)); }, {});
 * ld.valueAndGrad(Float64Array.of(1), new Float64Array(1)); // -1.4189385332046727
 */
export function logDensity<Data>(model: Model<Data>, data: Data, options: LogDensityOptions = {}): LogDensity {
  checkModel("logDensity", model, data);
  checkLogDensityOptions("logDensity", options);
  return withPasses(options.passes ?? {}, () => {
    const traced = traceDensity(model, data);
    const ld = buildDensity({ ...traced, ...rewriteDensity(traced.total, traced.inputs, rollRows) }, options, {
      compile,
      unconstrain,
    });
    return options.debugNans ? watched(ld) : ld;
  });
}
