/** Where in the user's source an operation was written: captured cheaply, read lazily. */
import type { Origin } from "./graph.ts";

/** The package's own folders: frames inside them are never what the user wants to see. */
const ownFolders = /^(?:src|distributions|inference|gp|nn|node)\//;

/** The file of a frame, and the place in it. Frames of the engine itself, and of evaluated text, have none. */
const framePattern = /(?:^|[\s(@])((?:[\w-]+:\/\/|\/|[A-Za-z]:[\\/])[^()]*?)(:\d+:\d+)\)?\s*$/;

function parseFrame(frame: string): { file: string; place: string } | undefined {
  const [, path, place] = framePattern.exec(frame) ?? [];
  if (path === undefined || place === undefined) return undefined;
  return { file: path.replaceAll("\\", "/").replace(/^file:\/\/(?:\/(?=[A-Za-z]:))?/, ""), place };
}

function stackOf(frames: number): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = frames;
  const error = new Error("origin");
  Error.stackTraceLimit = limit;
  return error;
}

let own: { readonly file: string; readonly root: string | undefined } | undefined;

/**
 * This file as stacks name it, which is where it was bundled into, or what source maps say it was made from; and the folder that
 * holds the package, unless it is bundled.
 */
function ownPlace(): NonNullable<typeof own> {
  if (own === undefined) {
    const file = frames(stackOf(1).stack ?? "")[0]?.file ?? "";
    own = {
      file,
      root: /^(.*\/)(?:src\/compiler\/origin\.[jt]s|dist\/node\/[\w-]+\.js)\b/
        .exec(file)?.[1]
        ?.replace(/\/dist\/$/, "/"),
    };
  }
  return own;
}

const frames = (stack: string): { file: string; place: string }[] =>
  stack.split("\n").flatMap((line) => parseFrame(line) ?? []);

/** The first frame of a stack that lies outside the library, as `path:line:column`; paths within the repository begin there. */
export function userFrame(stack: string): string | undefined {
  const { file: ownFile, root } = ownPlace();
  for (const { file, place } of frames(stack)) {
    // Of the frames of a bundle only those outside of it, or from sources that its map names, can be told from the library's.
    if (file === ownFile || (root === undefined && file.includes("/node_modules/"))) continue;
    if (root === undefined || !file.startsWith(root)) return file + place;
    const within = file.slice(root.length);
    // Built files, or their sources where source maps are in use.
    if (!ownFolders.test(within.replace(/^dist\//, ""))) return within + place;
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

const capture = (frames: number): Origin => new CapturedOrigin(stackOf(frames));

/** The origin for a node that is being made: inherited inside `withOrigin`, else captured from the stack. */
export function currentOrigin(): Origin {
  if (inherited) return inherited;
  return allowance-- > 0 ? capture(17) : unknown;
}

/** The origin for everything a handler makes for a statement of a model: the user's line is a few frames up. */
export const statementOrigin = (): Origin => inherited ?? capture(9);

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
