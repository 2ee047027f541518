/** `block`: hides sites from the handlers further out. */
import type { Message, MessageKind } from "../message.ts";
import { underHandler } from "../model.ts";

/** Which sites to hide. The first field that is given decides, in this order; none hides everything. */
export interface BlockOptions {
  /** Hides the sites for which it returns true. */
  readonly hideFn?: (site: Message) => boolean;
  /** Names to hide. */
  readonly hide?: readonly string[];
  /** Kinds to hide. */
  readonly hideTypes?: readonly MessageKind[];
  /** Kinds to leave visible; everything else is hidden. */
  readonly exposeTypes?: readonly MessageKind[];
  /** Names to leave visible; everything else is hidden. */
  readonly expose?: readonly string[];
}

/**
 * Hides sites from handlers further out: they are neither recorded nor conditioned there. Enclosing plates still give them their
 * shape, and an enclosing seed their keys.
 *
 * @example
 * block(model, { hide: ["z"] });
 * block(model, { exposeTypes: ["param"] });
 */
export function block<Args extends unknown[], R>(
  model: (...args: Args) => R,
  options: BlockOptions = {},
): (...args: Args) => R {
  const hides = rule(options);
  return underHandler("block", model, () => ({
    name: "block",
    process(msg) {
      if (hides(msg)) msg.stop = true;
    },
  }));
}

function rule({ hideFn, hide, hideTypes, exposeTypes, expose }: BlockOptions): (msg: Message) => boolean {
  if (hideFn !== undefined) return hideFn;
  if (hide !== undefined) return (msg) => hide.includes(msg.name);
  if (hideTypes !== undefined) return (msg) => hideTypes.includes(msg.kind);
  if (exposeTypes !== undefined) return (msg) => !exposeTypes.includes(msg.kind);
  if (expose !== undefined) return (msg) => !expose.includes(msg.name);
  return () => true;
}
