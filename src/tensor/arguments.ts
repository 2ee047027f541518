/** Checks on arguments and options that types can't make for plain JavaScript. */
import { describe, isPlainObject } from "./describe.ts";
import { suggestion } from "./spelling.ts";

/** What an option must be, and how a message says so. */
export type Check = readonly [test: (value: unknown) => boolean, wanted: string];
export type Checks = Readonly<Record<string, Check>>;

export const flag: Check = [(v) => typeof v === "boolean", "true or false"];
export const count: Check = [(v) => Number.isInteger(v) && (v as number) >= 1, "a whole number, 1 or more"];

/**
 * Checks names and kinds of options. Undefined means the default.
 *
 * @param synonyms - what others call these options, in camel case
 * @throws TypeError for an unknown option, suggesting the nearest; RangeError for a bad value, showing it.
 */
export function checkOptions(
  caller: string,
  options: unknown,
  checks: Checks,
  example: string,
  synonyms: Readonly<Record<string, string>> = {},
): void {
  if (!isPlainObject(options)) {
    throw new TypeError(`${caller}: the options have to be an object, like ${example}, got ${describe(options)}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw unknownOption(caller, name, Object.keys(checks), synonyms);
    const [test, wanted] = check;
    if (value !== undefined && !test(value))
      throw new RangeError(`${caller}: \`${name}\` must be ${wanted}, got ${describe(value)}.`);
  }
}

function unknownOption(
  caller: string,
  name: string,
  known: readonly string[],
  synonyms: Readonly<Record<string, string>>,
): TypeError {
  const camelCase = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const synonym = Object.hasOwn(synonyms, camelCase) ? synonyms[camelCase] : undefined;
  const text =
    synonym === undefined || !known.includes(synonym)
      ? suggestion(name, known, known.length)
      : `; here it is called "${synonym}". There are ${known.map((k) => `"${k}"`).join(", ")}.`;
  return new TypeError(`${caller}: unknown option "${name}"${text}`);
}

/**
 * Checks that what should be called is a function.
 *
 * @param call - the whole call, `scan(f, init, xs)`: most often arguments are in the wrong order or missing
 */
export function checkFunction(call: string, what: string, f: unknown): void {
  if (typeof f === "function") return;
  throw new TypeError(`${call.split("(", 1)[0]}: ${what} has to be a function, as in ${call}, got ${describe(f)}.`);
}
