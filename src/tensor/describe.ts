/** Values in words: what an error says was given, and how to make a tensor of it. */

/** What `x` is, for the end of "got …". */
export function describe(x: unknown): string {
  if (typeof x === "function") return "a function";
  if (typeof x === "string") return `the string ${JSON.stringify(x.length > 40 ? `${x.slice(0, 40)}…` : x)}`;
  if (typeof x === "bigint") return `the bigint ${x}n`;
  if (x === null || typeof x !== "object") return String(x);
  if (isDistribution(x)) return `a distribution (${x.name})`;
  if (Array.isArray(x)) return `an array of length ${x.length}`;
  const kind = Object.getPrototypeOf(x)?.constructor?.name;
  if (typeof kind === "string" && kind !== "" && kind !== "Object")
    return `${/^[AEIOU]/.test(kind) ? "an" : "a"} ${kind}`;
  return `an object with keys ${Object.keys(x).slice(0, 5).join(", ") || "(none)"}`;
}

/** How to get numbers out of what is none; an empty string when nothing is known. */
export function remedy(x: unknown): string {
  if (x === undefined) return "Is a field missing from the data, or misspelt?";
  if (x === null) return "If a value is missing, drop it, or put NaN and leave it out with a mask.";
  if (typeof x === "string") {
    if (/Tensor\(.*, shape /.test(x)) return "A tensor was put into a string: pass the tensor itself.";
    return x.trim() !== "" && Number.isFinite(Number(x))
      ? `Convert strings to numbers: Number(${JSON.stringify(x)}), values.map(Number).`
      : "";
  }
  if (typeof x === "bigint") return `Convert it: Number(${x}n).`;
  if (x instanceof Date) return "Convert dates to numbers: date.getTime() is in milliseconds.";
  if (x instanceof Promise) return "Await it first.";
  if (x instanceof Map || x instanceof Set) return "Take its values: [...x.values()].";
  if (isDistribution(x)) return 'Draw from it first: sample("name", distribution).';
  return "";
}

const isDistribution = (x: object): x is { readonly name: string } => "logProb" in x && "name" in x;

/** The method by which Node's console asks an object for its text. */
export const INSPECT: symbol = Symbol.for("nodejs.util.inspect.custom");

/** Whether `x` is an object of named fields, and no instance of a class. */
export function isPlainObject(x: unknown): x is Readonly<Record<string, unknown>> {
  if (typeof x !== "object" || x === null) return false;
  const prototype = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
}
