/** Values given by name, and the account of which of them a run has used. */

import { suggestion } from "../tensor/spelling.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { type Message, type MessageKind, siteLabel } from "./message.ts";
import { ModelError } from "./modelError.ts";

/** Values by site name (undefined: not given), or a function from a site to its value. */
export type GivenValues =
  | Readonly<Record<string, TensorLike | undefined>>
  | ((site: Message) => TensorLike | undefined);

export interface Given {
  /** The value given for a site, if any. */
  find(msg: Message): Tensor | undefined;
  /** Names that have met no site so far. */
  unmet(): readonly string[];
  /** @throws ModelError if a name met no site that takes a value, suggesting the nearest one that does. */
  finish(): void;
}

/**
 * @param handler - its name, for errors
 * @param kinds - kinds of sites that take values
 * @param allowUnknown - whether names that meet no site are fine
 */
export function given(
  handler: string,
  values: GivenValues,
  kinds: readonly MessageKind[],
  allowUnknown = false,
): Given {
  const met = new Set<string>();
  const ineligible = new Map<string, string>();
  const unmet = (): string[] =>
    typeof values === "function" || allowUnknown
      ? []
      : Object.keys(values).filter((name) => values[name] !== undefined && !met.has(name));
  return {
    find(msg) {
      if (!kinds.includes(msg.kind)) {
        ineligible.set(msg.name, siteLabel(msg));
        return undefined;
      }
      met.add(msg.name);
      const value =
        typeof values === "function" ? values(msg) : Object.hasOwn(values, msg.name) ? values[msg.name] : undefined;
      return value === undefined ? undefined : asTensor(value);
    },
    unmet,
    finish() {
      for (const name of unmet()) {
        const other = ineligible.get(name);
        if (other !== undefined)
          throw new ModelError(
            name,
            `${handler}: ${other} can't be given a value; only ${kinds.join(", ")} sites can.`,
          );
        throw new ModelError(
          name,
          `${handler}: the model has no ${kinds.length === 1 ? `${kinds[0]} ` : ""}site "${name}"${suggestion(name, [...met])}`,
        );
      }
    },
  };
}
