/** What a run of a model leaves behind. */
import { INSPECT } from "../tensor/describe.ts";
import { formatShape } from "../tensor/shapes.ts";
import { suggestion } from "../tensor/spelling.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { traceLogDensity } from "./logProb.ts";
import type { Site } from "./message.ts";
import { ModelError } from "./modelError.ts";

/** The sites of one run, in the order the model met them, and its result. */
export class Trace<R = unknown> {
  readonly sites: ReadonlyMap<string, Site>;
  /** What the model returned. */
  readonly result: R;

  constructor(sites: ReadonlyMap<string, Site>, result: R) {
    this.sites = sites;
    this.result = result;
  }

  /** Names of the sites, plates included. */
  get names(): string[] {
    return [...this.sites.keys()];
  }

  has(name: string): boolean {
    return this.sites.has(name);
  }

  /** A site by name. @throws ModelError listing the names, if there is none. */
  get(name: string): Site {
    const site = this.sites.get(name);
    if (site === undefined)
      throw new ModelError(name, `The trace has no site "${name}"${suggestion(name, this.names)}`);
    return site;
  }

  /** The value of a site. @throws ModelError if there is no such site, or it is a plate that keeps every row. */
  value(name: string): Tensor {
    const { value } = this.get(name);
    if (value === undefined) throw new ModelError(name, `Plate "${name}" holds all of its rows and has no value.`);
    return value;
  }

  /** The log density of the run, a float64 scalar: every sample and factor site, masked and scaled. */
  logProbSum(): Tensor {
    return traceLogDensity(this);
  }

  [Symbol.iterator](): IterableIterator<[string, Site]> {
    return this.sites.entries();
  }

  /** A table of sites with their shapes: what to print when shapes are puzzling. */
  toString(): string {
    const rows = [...this.sites.values()].map((site) => [
      site.name,
      kindOf(site),
      shapesOf(site),
      site.plates.map((p) => p.name).join(", "),
    ]);
    const table = [["site", "kind", "batch | event", "plates"], ...rows];
    const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
    return table
      .map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join("  ")
          .trimEnd(),
      )
      .join("\n");
  }
}

Object.defineProperty(Trace.prototype, INSPECT, { value: Trace.prototype.toString });

const kindOf = (site: Site): string => (site.kind === "sample" && site.observed ? "observed" : site.kind);

function shapesOf(site: Site): string {
  if (site.kind === "sample")
    return `${formatShape(site.distribution.batchShape)} | ${formatShape(site.distribution.eventShape)}`;
  if (site.kind === "plate")
    return `dim ${site.dim}, ${site.subsampleSize === site.size ? site.size : `${site.subsampleSize} of ${site.size}`}`;
  return formatShape(site.value.shape);
}
