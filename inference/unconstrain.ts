/** From values of latent sites to the flat unconstrained vector. */

import type { TypedArray } from "../src/compiler/graph.ts";
import { type Handler, withHandler } from "../src/effects/stack.ts";
import { describe } from "../src/tensor/describe.ts";
import { formatShape } from "../src/tensor/shapes.ts";
import { suggestion } from "../src/tensor/spelling.ts";
import { asTensor, type TensorLike } from "../src/tensor/tensor.ts";
import { isLatent, transformOf } from "./parameterise.ts";

/**
 * Runs the model at the given values, because a support may depend on other sites.
 *
 * @param known - names of all sites of the model: values of other than latent ones are ignored
 */
export function unconstrain<Data>(
  model: (data: Data) => unknown,
  data: Data,
  sites: readonly { readonly name: string; readonly offset: number; readonly size: number }[],
  known: readonly string[],
  values: Readonly<Record<string, TensorLike>>,
): Float64Array {
  if (values === null || typeof values !== "object")
    throw new TypeError(`unconstrain: values by name are wanted, { ${sites[0]!.name}: … }, got ${describe(values)}.`);
  const unknown = Object.keys(values).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const latent = sites.map(({ name }) => name);
    throw new Error(`unconstrain: the model has no site "${unknown}"${suggestion(unknown, latent)}`);
  }
  const missing = sites.filter(({ name }) => values[name] === undefined).map(({ name }) => `"${name}"`);
  if (missing.length > 0) {
    throw new Error(
      `unconstrain: no value for ${missing.join(", ")}; give every latent site: ${sites.map((s) => `"${s.name}"`).join(", ")}.`,
    );
  }
  const parts = new Map<string, TypedArray>();
  const invert: Handler = {
    name: "unconstrain",
    process(msg) {
      if (!isLatent(msg) || msg.value !== undefined) return;
      const { batchShape, eventShape, support } = msg.distribution;
      const value = asTensor(values[msg.name]!);
      const shape = [...batchShape, ...eventShape];
      if (formatShape(value.shape) !== formatShape(shape)) {
        throw new TypeError(
          `unconstrain: the value of "${msg.name}" has shape ${formatShape(value.shape)}, the site ${formatShape(shape)}.`,
        );
      }
      if (!support.check(value).data.every((ok) => ok !== 0)) {
        throw new RangeError(
          `unconstrain: the value of "${msg.name}" lies outside its support ${support.name}: ${String(value)} must be ${support.description}.`,
        );
      }
      parts.set(msg.name, transformOf(msg).inverse(value).data);
      msg.value = value;
    },
  };
  withHandler(invert, () => model(data));
  const flat = new Float64Array(sites.reduce((n, s) => n + s.size, 0));
  for (const { name, offset } of sites) flat.set(parts.get(name)! as ArrayLike<number>, offset);
  return flat;
}
