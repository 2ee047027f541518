/** What a primitive does where no handler has: draw, start, choose an axis; and the checks on what came out. */

import { formatShape } from "../tensor/shapes.ts";
import { nearestName } from "../tensor/spelling.ts";
import { asTensor, hasValue, knownValues, type Tensor } from "../tensor/tensor.ts";
import { checkObserved, fitToSite, maskFits } from "./fit.ts";
import {
  formatPlates,
  type Message,
  type ParamMessage,
  type PlateMessage,
  type SampleMessage,
  siteLabel,
} from "./message.ts";
import { ModelError } from "./modelError.ts";
import { drawRows } from "./rows.ts";

/**
 * Completes a message after the handlers have processed it.
 *
 * @param unmet - names that handlers have values for and that no site has had so far
 * @throws ModelError naming the site.
 */
export function fillIn(msg: Message, unmet: () => readonly string[]): void {
  if (msg.kind === "sample") fillSample(msg, unmet);
  else if (msg.kind === "param") fillParam(msg);
  else if (msg.kind === "plate") fillPlate(msg);
  else if (msg.kind === "factor") maskFits(msg, msg.value!.shape);
}

function fillSample(msg: SampleMessage, unmet: () => readonly string[]): void {
  maskFits(msg, msg.distribution.batchShape);
  if (msg.value === undefined) {
    if (msg.key === undefined) {
      throw new ModelError(
        msg.name,
        `${siteLabel(msg)} has no value and no random key to draw one. ${misspelt(msg.name, unmet())}Run the model under a seed: seed(model, 0)(data), ` +
          "or around another handler: trace(seed(model, 0)).get(data). To sample from its posterior: nuts(model, data).",
      );
    }
    msg.value = msg.distribution.sample(msg.key);
    return;
  }
  msg.value = fitToSite(msg, msg.value);
  if (msg.observed) checkObserved(msg, msg.value);
}

/** What to say of values that were given under names that no site has had. */
function misspelt(site: string, unmet: readonly string[]): string {
  if (unmet.length === 0) return "";
  const near = nearestName(site, unmet);
  if (near !== undefined) return `A value is given for "${near}", which no site is called so far: is "${site}" meant? `;
  const listed = unmet.slice(0, 8).map((name) => `"${name}"`);
  return `Values are given for ${listed.join(", ")}${unmet.length > 8 ? ", …" : ""}, which no site is called so far. `;
}

function fillParam(msg: ParamMessage): void {
  if (msg.value !== undefined) return;
  const { init, constraint } = msg;
  if (typeof init === "function") {
    if (msg.key === undefined) {
      throw new ModelError(
        msg.name,
        `${siteLabel(msg)} starts at a function of a random key and there is none. Run the model under a seed: seed(model, 0).`,
      );
    }
    msg.value = asTensor(init(msg.key));
  } else {
    msg.value = asTensor(init);
  }
  if (constraint === undefined || !hasValue(msg.value)) return;
  const inside = constraint.check(msg.value);
  if (knownValues(inside)?.every((v: number) => v !== 0) ?? true) return;
  throw new ModelError(
    msg.name,
    `${siteLabel(msg)} starts at ${preview(msg.value)}, which is not ${constraint.description}. Start inside of ${constraint.name}.`,
  );
}

function fillPlate(msg: PlateMessage): void {
  const label = siteLabel(msg);
  const same = msg.plates.find((plate) => plate.name === msg.name);
  if (same !== undefined)
    throw new ModelError(
      msg.name,
      `${label} is inside of another plate of the same name (dim ${same.dim}, size ${same.fullSize}). Rename one of them.`,
    );
  if (msg.dim === undefined) {
    let dim = -1;
    while (msg.plates.some((plate) => plate.dim === dim)) dim--;
    msg.dim = dim;
  }
  const holder = msg.plates.find((plate) => plate.dim === msg.dim);
  if (holder !== undefined) {
    throw new ModelError(
      msg.name,
      `${label} asks for dim ${msg.dim}, which the enclosing ${formatPlates([holder])} occupies. Leave dim out to get the next free axis, or give another one.`,
    );
  }
  if (msg.value !== undefined) checkRows(msg, msg.value);
  else if (msg.subsampleSize < msg.size) {
    if (msg.key === undefined) {
      throw new ModelError(
        msg.name,
        `${label}: choosing ${msg.subsampleSize} of ${msg.size} rows at random needs a key. Run the model under a seed, seed(model, 0), or give the rows, ` +
          "{ subsample: indices }. Sampling with NUTS or HMC needs every row: leave subsampleSize out.",
      );
    }
    msg.value = drawRows(msg.key, msg.size, msg.subsampleSize);
  }
}

function checkRows(msg: PlateMessage, rows: Tensor): void {
  const { size, subsampleSize } = msg;
  if (rows.rank !== 1 || rows.size !== subsampleSize) {
    throw new ModelError(
      msg.name,
      `${siteLabel(msg)}: its rows have shape ${formatShape(rows.shape)}, expected [${subsampleSize}] (subsampleSize ${subsampleSize} of ${size}). ` +
        "Rows that come from another model or trace need the same subsampleSize there.",
    );
  }
  const bad = Array.from(knownValues(rows) ?? []).find((i) => !Number.isInteger(i) || i < 0 || i >= size);
  if (bad !== undefined) throw new ModelError(msg.name, `${siteLabel(msg)}: row ${bad} is not among 0 … ${size - 1}.`);
}

function preview(t: Tensor): string {
  const values = Array.from(t.data.slice(0, 6)).join(", ");
  return t.rank === 0 ? values : `[${values}${t.size > 6 ? ", …" : ""}] (shape ${formatShape(t.shape)})`;
}
