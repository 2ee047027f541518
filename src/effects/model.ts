/** Models as functions, and handlers as functions from models to models. */
import { type Handler, withHandler } from "./stack.ts";

/**
 * The model under a handler: a function of the same arguments. Every call gets a handler of its own, so a wrapped model
 * keeps no state between calls.
 *
 * @throws TypeError if the model isn't a function.
 */
export function underHandler<Args extends unknown[], R>(
  name: string,
  model: (...args: Args) => R,
  makeHandler: () => Handler,
): (...args: Args) => R {
  checkModel(name, model);
  const handled = (...args: Args): R => withHandler(makeHandler(), () => model(...args));
  return Object.defineProperty(handled, "name", { value: model.name, configurable: true });
}

/** @throws TypeError if the model isn't a function. */
export function checkModel(name: string, model: unknown): void {
  if (typeof model === "function") return;
  const got = model === null || typeof model !== "object" ? String(model) : "an object";
  throw new TypeError(
    `${name}: the first argument has to be a model, that is a function, got ${got}. Pass the model and call what comes back: ${name}(model, …)(data).`,
  );
}
