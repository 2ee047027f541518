/** Running a user's model for inference: the errors of a run say where it failed and what the data lacked. */
import { userFrame } from "../src/compiler/origin.ts";
import { type Message, siteLabel } from "../src/effects/message.ts";
import { ModelError } from "../src/effects/modelError.ts";
import { describe, isPlainObject } from "../src/tensor/describe.ts";
import { nearestName } from "../src/tensor/spelling.ts";

/** Frames of the stack kept while a model runs: the user's line lies below those of handlers and distributions. */
const FRAMES = 50;

/**
 * @param caller - the function that was given the model
 * @throws TypeError if the model isn't a function.
 */
export function checkModel(caller: string, model: unknown, data: unknown): void {
  if (typeof model === "function") return;
  const advice =
    typeof data === "function"
      ? `The model comes first, then the data: ${caller}(model, data).`
      : `Pass the function itself and not what it returns: ${caller}(model, data).`;
  throw new TypeError(
    `${caller}: the first argument has to be a model, that is a function, got ${describe(model)}. ${advice}`,
  );
}

/**
 * Calls the model. Errors it throws, except those that name a site already, become ModelErrors with the line of the model and the
 * last site before it; the original is the cause.
 *
 * @param lastSite - the site that the run met last
 * @throws ModelError; TypeError when the model is asynchronous; Error when it looks for a name that the data lack but spell otherwise.
 */
export function runModel<Data, Result>(
  model: (data: Data) => Result,
  data: Data,
  lastSite: () => Message | undefined,
): Result {
  const watch = watchData(data);
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  let result: Result;
  try {
    result = model(watch.data);
  } catch (error) {
    throw located(error, lastSite(), lack(watch) ?? noData(model, data));
  } finally {
    Error.stackTraceLimit = limit;
  }
  refusePromise(result);
  const mistake = misspelling(watch) ?? undefinedField(watch);
  if (mistake !== undefined) throw new Error(mistake);
  return result;
}

function located(error: unknown, last: Message | undefined, lacking: string | undefined): Error {
  const withHint = (text: string): string => {
    if (lacking === undefined) return text;
    return `${text}${/[.!?]$/.test(text) ? "" : "."} ${lacking}`;
  };
  if (error instanceof ModelError) {
    return lacking === undefined
      ? error
      : new ModelError(error.site, withHint(error.message), { cause: error.cause ?? error });
  }
  const text = error instanceof Error ? error.message : String(error);
  const frame = error instanceof Error ? userFrame(error.stack ?? "") : undefined;
  const place = frame === undefined ? "" : ` at ${frame}`;
  const after = last === undefined ? "before its first site" : `after ${siteLabel(last)}`;
  return new ModelError(last?.name ?? "", `The model failed${place}, ${after}: ${withHint(text)}`, { cause: error });
}

function refusePromise(result: unknown): void {
  if (result === null || typeof result !== "object" || typeof (result as PromiseLike<unknown>).then !== "function")
    return;
  // The rest of an async function fails on its own, out of reach; this error is the one that explains it.
  (result as PromiseLike<unknown>).then(undefined, () => undefined);
  throw new TypeError(
    "The model is asynchronous: it returned a Promise, and whatever follows an `await` is not seen. Load data before, and pass them to the model as an argument.",
  );
}

/** Which fields of the data a model looked at. */
interface Watch<Data> {
  readonly data: Data;
  /** Names the data have; undefined when they are no plain object. */
  readonly names: readonly string[] | undefined;
  readonly read: ReadonlySet<string>;
  /** Names that were read and aren't there. */
  readonly absent: ReadonlySet<string>;
}

/** Stands in for data that are a plain object, and notes what is read from it. */
function watchData<Data>(data: Data): Watch<Data> {
  const read = new Set<string>();
  const absent = new Set<string>();
  if (!isPlainObject(data)) return { data, names: undefined, read, absent };
  const watched = new Proxy(data, {
    get(target, field) {
      if (typeof field === "string") (field in target ? read : absent).add(field);
      return Reflect.get(target, field);
    },
    ownKeys(target) {
      for (const name of Object.keys(target)) read.add(name);
      return Reflect.ownKeys(target);
    },
  });
  return { data: watched, names: Object.keys(data), read, absent };
}

const noData = (model: (data: never) => unknown, data: unknown): string | undefined =>
  data === undefined && model.length > 0
    ? "The model was called without data: pass them as the second argument."
    : undefined;

/** What a model that failed may have missed. */
function lack(watch: Watch<unknown>): string | undefined {
  return misspelling(watch) ?? undefinedField(watch) ?? absentField(watch);
}

/** A field was looked for in vain while one that is nearly called so was never looked at. */
function misspelling({ names, read, absent }: Watch<unknown>): string | undefined {
  const unread = names?.filter((name) => !read.has(name)) ?? [];
  for (const name of absent) {
    const near = nearestName(name, unread);
    if (near !== undefined)
      return `The model reads "${name}" from the data, which have no such field, and never reads "${near}": is that the same? They have ${quote(names!)}.`;
  }
  return undefined;
}

function undefinedField({ data, names, read }: Watch<unknown>): string | undefined {
  const field = names?.find((name) => read.has(name) && (data as Record<string, unknown>)[name] === undefined);
  if (field === undefined) return undefined;
  return `The field "${field}" of the data is undefined. Give it a value; leave it out, or make it null, to have sites without data drawn.`;
}

function absentField({ names, absent }: Watch<unknown>): string | undefined {
  if (absent.size === 0) return undefined;
  return `The model reads ${quote([...absent])} from the data, which have ${names!.length === 0 ? "no fields" : `only ${quote(names!)}`}.`;
}

const quote = (names: readonly string[]): string =>
  names
    .slice(0, 12)
    .map((name) => `"${name}"`)
    .join(", ") + (names.length > 12 ? ", …" : "");
