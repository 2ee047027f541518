/**
 * Messages: what a primitive tells the handlers, and what it hears back.
 *
 * A handler may change the writable fields. A message that has gone through the stack has a `value`, except for plates
 * that keep every row.
 */
import type { Key } from "../random/key.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import type { Samplable, SupportLike } from "./samplable.ts";

/** One plate around a site. */
export interface PlateFrame {
  readonly name: string;
  /** The batch axis it occupies, counted from the right: -1, -2, … */
  readonly dim: number;
  /** Rows present: the length of that axis. */
  readonly size: number;
  /** Rows there are; larger than `size` when the plate is subsampled. */
  readonly fullSize: number;
}

/** Advice to inference algorithms about a site. Unknown keys are carried along. */
export interface InferHints {
  /** Names of enclosing plates that this site ignores: it is shared by their rows. */
  readonly blockPlates?: readonly string[];
  /** The axis that enumeration lets run over the support; the value's shape isn't checked then. */
  readonly enumDim?: number;
  readonly [hint: string]: unknown;
}

interface MessageBase {
  name: string;
  value: Tensor | undefined;
  /** Enclosing plates, innermost first. */
  plates: readonly PlateFrame[];
  /** Hides the message from handlers further out. */
  stop: boolean;
  infer: InferHints;
}

/** A random variable, latent or observed. */
export interface SampleMessage extends MessageBase {
  readonly kind: "sample";
  distribution: Samplable;
  observed: boolean;
  /** Multiplies the log density. */
  scale: number | Tensor;
  /** Where false, the entry doesn't count; broadcasts to the batch. */
  mask: Tensor | undefined;
  key: Key | undefined;
}

/** A quantity to be optimised. */
export interface ParamMessage extends MessageBase {
  readonly kind: "param";
  readonly init: TensorLike | ((key: Key) => TensorLike);
  /** Where it may lie; undefined: anywhere. */
  readonly constraint: SupportLike | undefined;
  /** Rightmost axes that are no plate axes; undefined: all of them. */
  readonly eventDim: number | undefined;
  scale: number | Tensor;
  key: Key | undefined;
}

/** Entering a plate. The value holds the rows present, and stays undefined when they all are. */
export interface PlateMessage extends MessageBase {
  readonly kind: "plate";
  /** Rows there are. */
  readonly size: number;
  readonly subsampleSize: number;
  /** Chosen on entry when undefined. */
  dim: number | undefined;
  key: Key | undefined;
}

/** A recorded quantity without a density. */
export interface DeterministicMessage extends MessageBase {
  readonly kind: "deterministic";
}

/** A term of the log density; the term is the value. */
export interface FactorMessage extends MessageBase {
  readonly kind: "factor";
  scale: number | Tensor;
  mask: Tensor | undefined;
}

export type Message = SampleMessage | ParamMessage | PlateMessage | DeterministicMessage | FactorMessage;
export type MessageKind = Message["kind"];

type Valued<M extends Message> = M & { readonly value: Tensor };
/** Messages that have gone through the stack. */
export type SampleSite = Valued<SampleMessage>;
export type ParamSite = Valued<ParamMessage>;
export type DeterministicSite = Valued<DeterministicMessage>;
export type FactorSite = Valued<FactorMessage>;
export type PlateSite = PlateMessage & { readonly dim: number };
export type Site = SampleSite | ParamSite | DeterministicSite | FactorSite | PlateSite;

/** `sample site "y"`: how messages are named in errors. */
export const siteLabel = (site: { readonly kind: MessageKind; readonly name: string }): string =>
  site.kind === "plate" ? `plate "${site.name}"` : `${site.kind} site "${site.name}"`;

/** `plate "school" (dim -1, size 8)`, joined by "and"; `no plate` when there is none. */
export function formatPlates(plates: readonly PlateFrame[]): string {
  if (plates.length === 0) return "no plate";
  return plates
    .map(
      (p) => `plate "${p.name}" (dim ${p.dim}, size ${p.size === p.fullSize ? p.size : `${p.size} of ${p.fullSize}`})`,
    )
    .join(" and ");
}
