/** Where in the user's source an operation was written: captured cheaply, read lazily. */
import type { Origin } from "./graph.ts";

/** The package's own folders: frames inside them are never what the user wants to see. */
const root = new URL("../../", import.meta.url).href;
const ownFolders = ["src/", "distributions/", "inference/", "gp/", "nn/"].map((folder) => root + folder);
const rootPath = root.replace(/^file:\/\//, "");
const ownPaths = ownFolders.map((folder) => folder.replace(/^file:\/\//, ""));

const isOwnFrame = (frame: string): boolean =>
  frame.includes("node:internal") ||
  ownFolders.some((f) => frame.includes(f)) ||
  ownPaths.some((p) => frame.includes(p));

/** The first frame of a stack that lies outside the library, as `path:line:column`. */
export function userFrame(stack: string): string | undefined {
  for (const frame of stack.split("\n").slice(1)) {
    if (isOwnFrame(frame)) continue;
    const place = /\(?((?:file:\/\/|https?:\/\/|\/|[A-Za-z]:\\)[^()\s]*:\d+:\d+)\)?\s*$/.exec(frame)?.[1];
    if (place) return place.replace(/^file:\/\//, "").replace(rootPath, "");
  }
  return undefined;
}

class CapturedOrigin implements Origin {
  #error: Error | undefined;
  #line: string | undefined;

  constructor(error: Error) {
    this.#error = error;
  }

  get line(): string | undefined {
    if (this.#error) {
      this.#line = userFrame(this.#error.stack ?? "");
      this.#error = undefined;
    }
    return this.#line;
  }
}

let inherited: Origin | undefined;
let allowance = Number.POSITIVE_INFINITY;
const unknown: Origin = { line: undefined };

function capture(frames: number): Origin {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = frames;
  const origin = new CapturedOrigin(new Error("origin"));
  Error.stackTraceLimit = limit;
  return origin;
}

/** The origin for a node that is being made: inherited inside `withOrigin`, else captured from the stack. */
export function currentOrigin(): Origin {
  if (inherited) return inherited;
  return allowance-- > 0 ? capture(16) : unknown;
}

/** The origin for everything a handler makes for a statement of a model: the user's line is a few frames up. */
export const statementOrigin = (): Origin => inherited ?? capture(8);

/**
 * Runs `body`, in which only so many nodes get a place of their own: a stack costs as much as several operations, and a
 * graph of very many nodes is written by a loop, whose lines come up again and again.
 */
export function withAllowance<T>(nodes: number, body: () => T): T {
  const before = allowance;
  allowance = nodes;
  try {
    return body();
  } finally {
    allowance = before;
  }
}

/** Runs `body` so that every node it makes points at the same place: adjoints name the line of the forward operation. */
export function withOrigin<T>(origin: Origin | undefined, body: () => T): T {
  const before = inherited;
  inherited = origin ?? before;
  try {
    return body();
  } finally {
    inherited = before;
  }
}
