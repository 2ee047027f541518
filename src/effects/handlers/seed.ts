/** `seed`: supplies random keys. */
import { isKey, type Key, key, split } from "../../random/key.ts";
import type { Message } from "../message.ts";
import { underHandler } from "../model.ts";
import type { Handler } from "../stack.ts";

export type SeedLike = number | string | Key;

/**
 * Gives a key to every site that has to draw: latent sample sites, subsampled plates, params that start at random.
 *
 * Keys are split off one after the other in the order of the sites, as NumPyro does: each site takes the second half of a split
 * and leaves the first to those that follow. Sites that have a value already take none, so conditioning a site inside of the
 * seed shifts the keys of those after it. The innermost seed wins. Calls are independent: the same call gives the same draws.
 *
 * @param seed - a number or string, a key, or `{ seed }`
 * @example
 * seed(model, 0)(data);
 */
export function seed<Args extends unknown[], R>(
  model: (...args: Args) => R,
  seed: SeedLike | { readonly seed: SeedLike },
): (...args: Args) => R {
  const root = keyOf(seed);
  return underHandler("seed", model, () => keySource(root));
}

function keySource(root: Key): Handler {
  let rest = root;
  return {
    name: "seed",
    seesHidden: true,
    process(msg) {
      if (!needsKey(msg)) return;
      const [next, own] = split(rest);
      rest = next!;
      msg.key = own;
    },
  };
}

type Drawing = Extract<Message, { key: Key | undefined }>;

function needsKey(msg: Message): msg is Drawing {
  if (msg.kind === "deterministic" || msg.kind === "factor") return false;
  if (msg.value !== undefined || msg.key !== undefined) return false;
  if (msg.kind === "plate") return msg.subsampleSize < msg.size;
  return msg.kind === "sample" || typeof msg.init === "function";
}

function keyOf(seed: SeedLike | { readonly seed: SeedLike }): Key {
  if (typeof seed === "number" || typeof seed === "string") return key(seed);
  if (isKey(seed)) return seed;
  if (seed !== null && typeof seed === "object" && "seed" in seed) return keyOf(seed.seed);
  throw new TypeError(
    `seed: the seed has to be a number, a string, a key or { seed }, got ${String(seed)}. For example seed(model, 0).`,
  );
}
