/** `trace`: records a run. */
import { type Message, type Site, siteLabel } from "../message.ts";
import { checkModel } from "../model.ts";
import { ModelError } from "../modelError.ts";
import { type Handler, withHandler } from "../stack.ts";
import { Trace } from "../trace.ts";

export interface TracedModel<Args extends unknown[], R> {
  /** Runs the model and returns its sites. */
  get(...args: Args): Trace<R>;
}

/**
 * Records every site that a run of the model meets.
 *
 * @throws ModelError if two sites have one name; only params, and plates of the same size, may be met again.
 * @example
 * const t = trace(seed(model, 0)).get(data);
 * t.value("mu"); t.logProbSum().item(); String(t);
 */
export function trace<Args extends unknown[], R>(model: (...args: Args) => R): TracedModel<Args, R> {
  checkModel("trace", model);
  return {
    get(...args) {
      const sites = new Map<string, Site>();
      const result = withHandler(recorder(sites), () => model(...args));
      return new Trace(sites, result);
    },
  };
}

function recorder(sites: Map<string, Site>): Handler {
  return {
    name: "trace",
    postprocess(msg) {
      const earlier = sites.get(msg.name);
      if (earlier !== undefined) checkRepetition(earlier, msg);
      // A copy, because handlers further in may still change the message.
      else sites.set(msg.name, { ...msg } as Site);
    },
  };
}

function checkRepetition(earlier: Site, msg: Message): void {
  if (earlier.kind === "param" && msg.kind === "param") return;
  if (earlier.kind === "plate" && msg.kind === "plate") {
    checkPlates(earlier, msg);
    return;
  }
  const both = earlier.kind === msg.kind ? siteLabel(msg) : `${siteLabel(msg)}, before that ${siteLabel(earlier)}`;
  throw new ModelError(
    msg.name,
    `${both}: the name "${msg.name}" is used twice in one run; every site needs a name of its own. ` +
      `In a loop, put the index into the name, sample(\`${msg.name}\${i}\`, …), or use a plate.`,
  );
}

function checkPlates(earlier: Extract<Site, { kind: "plate" }>, msg: Extract<Message, { kind: "plate" }>): void {
  if (earlier.size !== msg.size || earlier.subsampleSize !== msg.subsampleSize) {
    const sizes = [earlier, msg].map((p) =>
      p.size === p.subsampleSize ? `${p.size}` : `${p.subsampleSize} of ${p.size}`,
    );
    throw new ModelError(
      msg.name,
      `plate "${msg.name}" is used with size ${sizes[0]} and with size ${sizes[1]}. Plates of different sizes need different names.`,
    );
  }
  if (earlier.value === msg.value) return;
  throw new ModelError(
    msg.name,
    `plate "${msg.name}" is subsampled twice, with different rows. Use it once, or hand the rows of the first on to the second: { subsample: indices }.`,
  );
}
