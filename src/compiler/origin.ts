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

/**
 * The origin for a node that is being made: inherited inside `withOrigin`, else captured from the stack.
 *
 * @param frames - how far up the user's line may be; each costs as much as a multiplication of tensors
 */
export function currentOrigin(frames = 12): Origin {
  if (inherited) return inherited;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = frames;
  const origin = new CapturedOrigin(new Error("origin"));
  Error.stackTraceLimit = limit;
  return origin;
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
