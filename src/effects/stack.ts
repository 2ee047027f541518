/**
 * The handler stack.
 *
 * A primitive makes a message. Every handler processes it, the innermost first; the default behaviour fills in what is
 * left (`defaults.ts`); then the handlers post-process it in the opposite order. The stack is a linked list whose top is
 * restored on every way out, so a model that throws leaves nothing behind.
 *
 * While a handler works, the stack consists of the handlers outside of it: a primitive it performs, or a copy of the
 * message it sends on with `applyStack`, goes outwards and never comes back to itself.
 */

import { tracedBody } from "../tensor/tracedBody.ts";
import { fillIn } from "./defaults.ts";
import { type Message, siteLabel } from "./message.ts";
import { atSite } from "./modelError.ts";

/** Something that changes or records what the primitives of a function do. */
export interface Handler {
  /** What it is called in error messages. */
  readonly name: string;
  /** Keep seeing messages that a handler further in has stopped: plates must, for they make shapes; seeds, for they make keys. */
  readonly seesHidden?: boolean;
  /** Before the default behaviour; innermost handler first. Setting `msg.stop` hides the message from handlers further out. */
  process?(msg: Message): void;
  /** After the default behaviour; outermost handler first. */
  postprocess?(msg: Message): void;
  /** Names that it has values for and that no site has had so far. */
  unmet?(): readonly string[];
  /** Once, after the handled function has returned; not when it threw. */
  finish?(): void;
}

interface Entry {
  readonly handler: Handler;
  readonly outer: Entry | undefined;
}

let top: Entry | undefined;

/** @throws Error in a function that is traced once for many runs: the statement would be met once, and mean once. */
function refuseInBody(msg: Message): void {
  const owner = tracedBody();
  if (owner === undefined) return;
  throw new Error(
    `${siteLabel(msg)} stands in a function given to ${owner}, which is traced once whatever number of times it runs. ` +
      "Put statements outside: draw what the steps need in a plate before and pass it in (as rows, xs), " +
      "return log densities as results (ys) and add their sum with one factor.",
  );
}

/**
 * Sends a message through the handlers and returns it, complete.
 *
 * @throws ModelError naming the site, whatever went wrong.
 */
export function applyStack<M extends Message>(msg: M): M {
  const innermost = top;
  const seen: Entry[] = [];
  try {
    refuseInBody(msg);
    for (let entry = innermost; entry !== undefined; entry = entry.outer) {
      if (msg.stop && entry.handler.seesHidden !== true) continue;
      seen.push(entry);
      top = entry.outer;
      entry.handler.process?.(msg);
    }
    top = innermost;
    fillIn(msg, () => seen.flatMap(({ handler }) => handler.unmet?.() ?? []));
    for (const entry of seen.reverse()) {
      top = entry.outer;
      entry.handler.postprocess?.(msg);
    }
    return msg;
  } catch (error) {
    throw atSite(msg.name, siteLabel(msg), error);
  } finally {
    top = innermost;
  }
}

/**
 * Runs a function under a handler and returns its result.
 *
 * @throws TypeError if the function is asynchronous: after an `await` its statements would run outside of the handler.
 */
export function withHandler<T>(handler: Handler, fn: () => T): T {
  const outer = top;
  top = { handler, outer };
  let result: T;
  try {
    result = fn();
    refusePromise(result, handler);
  } finally {
    top = outer;
  }
  handler.finish?.();
  return result;
}

/** The handlers in effect, innermost first. */
export function activeHandlers(): Handler[] {
  const handlers: Handler[] = [];
  for (let entry = top; entry !== undefined; entry = entry.outer) handlers.push(entry.handler);
  return handlers;
}

function refusePromise(result: unknown, handler: Handler): void {
  if (result === null || typeof result !== "object" || typeof (result as PromiseLike<unknown>).then !== "function")
    return;
  // The rest of an async function fails on its own, out of reach; this error is the one that explains it.
  (result as PromiseLike<unknown>).then(undefined, () => undefined);
  throw new TypeError(
    `${handler.name}: the function returned a Promise. A model has to be synchronous, because whatever follows an \`await\` runs after ` +
      "the handlers have gone. Load data before, and pass it to the model as an argument.",
  );
}
