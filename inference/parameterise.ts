/** A run of a model in which every latent site is a function of traced unconstrained coordinates. */

import { biject } from "../distributions/biject.ts";
import type { Constraint, Transform } from "../distributions/types.ts";
import type { Node } from "../src/compiler/graph.ts";
import { inputNode } from "../src/compiler/node.ts";
import { statementOrigin, withAllowance, withOrigin } from "../src/compiler/origin.ts";
import { trace } from "../src/effects/handlers/trace.ts";
import { hasLogProb, scaledSum, siteLogProb } from "../src/effects/logProb.ts";
import {
  type FactorSite,
  type Message,
  type SampleMessage,
  type SampleSite,
  type Site,
  siteLabel,
} from "../src/effects/message.ts";
import { ModelError } from "../src/effects/modelError.ts";
import { type Handler, withHandler } from "../src/effects/stack.ts";
import type { Trace } from "../src/effects/trace.ts";
import { formatShape } from "../src/tensor/shapes.ts";
import { hasValue, type Shape, type Tensor, wrap } from "../src/tensor/tensor.ts";
import { runModel } from "./modelRun.ts";

/** A latent site and the input its coordinates come in by. */
export interface Latent {
  readonly name: string;
  readonly input: Node;
  readonly shape: Shape;
  readonly support: Constraint;
  readonly logJacobian: Tensor;
  readonly value: Tensor;
}

/** What a site adds to the log density. */
interface Term {
  readonly site: SampleSite | FactorSite;
  /** One number a batch entry. */
  readonly logProb: Tensor;
  readonly total: Tensor;
}

export const isLatent = (msg: Message): msg is SampleMessage => msg.kind === "sample" && !msg.observed;

/** @throws ModelError for a site that has no unconstrained coordinates, such as a discrete one. */
export function transformOf(msg: SampleMessage): Transform {
  const support = msg.distribution.support as Constraint;
  try {
    return biject(support);
  } catch (cause) {
    const what = `${siteLabel(msg)} (${msg.distribution.name}, support ${support.name})`;
    throw new ModelError(
      msg.name,
      support.isDiscrete
        ? `${what} is latent and discrete, and no gradient-based method can move it. If it is data, its obs is missing; if not, sum it out of the ` +
            "model: logsumexp over its values, added with factor."
        : `${what} is latent: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

/** What tracing leaves: the run, its latent sites, and what each site adds to the log density, in the order the model meets them. */
export interface TracedModel {
  readonly run: Trace;
  readonly latents: readonly Latent[];
  readonly terms: readonly Term[];
}

/** @throws ModelError naming the site; Error when there is no latent one. */
export function traceModel<Data>(model: (data: Data) => unknown, data: Data): TracedModel {
  const made: Run = { latents: [], terms: [], last: undefined };
  const traced = trace((d: Data) => runModel(model, d, () => made.last));
  const run = withAllowance(OPERATIONS_WITH_LINES, () => withHandler(parameterise(made), () => traced.get(data)));
  if (made.latents.length > 0) return { run, ...made };
  const observed = made.terms.map(({ site }) => `"${site.name}"`).join(", ");
  throw new Error(
    `The model has no latent sample site, so there is nothing to infer: ${observed === "" ? "it has no sample statement" : `it only has ${observed}`}. ` +
      'Add sample("name", distribution) without obs.',
  );
}

/** How many operations of a model, beside its statements, are remembered with the line they were written on. */
const OPERATIONS_WITH_LINES = 256;

/** A run of the model in the making. */
interface Run {
  readonly latents: Latent[];
  readonly terms: Term[];
  last: Message | undefined;
}

/**
 * Supplies a traced unconstrained variable to every latent site, and takes down log densities while the statement they come from is on
 * the stack, so that their operations bear its line. It is looked up once a statement: stacks are dear beside arithmetic.
 */
function parameterise(run: Run): Handler {
  return {
    name: "logDensity",
    process(msg) {
      if (!isLatent(msg) || msg.value !== undefined) return;
      const transform = transformOf(msg);
      const { batchShape, eventShape, support } = msg.distribution;
      const shape = [...batchShape, ...eventShape];
      withOrigin(statementOrigin(), () => {
        const input = inputNode(transform.inverseShape(shape), "float64", msg.name);
        const unconstrained = wrap(input);
        const value = transform.forward(unconstrained);
        const logJacobian = transform.logAbsDetJacobian(unconstrained, value).sum();
        run.latents.push({ name: msg.name, input, shape, support: support as Constraint, logJacobian, value });
        msg.value = value;
      });
    },
    postprocess(msg) {
      run.last = msg;
      const site = { ...msg } as Site;
      if (!hasLogProb(site)) return;
      withOrigin(statementOrigin(), () => {
        const logProb = siteLogProb(site);
        refuseHopeless(site, logProb);
        run.terms.push({ site, logProb, total: scaledSum(logProb, site.scale) });
      });
    },
  };
}

/** @throws ModelError for a site that makes the log density infinite or NaN whatever the parameters. */
function refuseHopeless(site: SampleSite | FactorSite, logProb: Tensor): void {
  if (!hasValue(logProb)) return;
  const bad = logProb.data.findIndex((v: number) => !Number.isFinite(v));
  if (bad < 0) return;
  throw new ModelError(
    site.name,
    `${siteLabel(site)}: its log density is ${logProb.data[bad]} (element ${bad} of shape ${formatShape(logProb.shape)}) whatever the parameters are. ` +
      "Look for NaN, infinite or impossible values in what it is given.",
  );
}
