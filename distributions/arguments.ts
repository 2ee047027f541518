/** The arguments of a family: by position or by name, with their defaults, alternatives and options. */
import { describe, isPlainObject, remedy } from "../src/tensor/describe.ts";
import { nearestName, suggestion } from "../src/tensor/spelling.ts";
import { asTensor, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import type { Definition, Parameter } from "./definition.ts";
import { meantName } from "./usualNames.ts";

/** The arguments of a call, by name. */
export type Given = Readonly<Record<string, Tensor>>;

/** Sorts a call's arguments into parameters and options. */
export function readArguments<Name extends string>(
  definition: Definition<Name>,
  args: readonly unknown[],
): { given: Given; validateArgs: boolean } {
  const parameters: Readonly<Record<string, Parameter<Name>>> = definition.parameters;
  const family = definition.name;
  const names = Object.keys(parameters);
  const raw: Record<string, unknown> = {};
  let options: unknown = {};
  if (isPlainObject(args[0])) {
    const { validateArgs, ...named } = args[0];
    Object.assign(raw, named);
    options = args[1] ?? (validateArgs === undefined ? {} : { validateArgs });
  } else {
    args.forEach((arg, i) => {
      if (isPlainObject(arg)) options = arg;
      else if (i < names.length) raw[names[i]!] = arg;
      else if (arg !== undefined)
        throw new TypeError(`${family}: takes ${signature(parameters)}, got ${args.length} arguments`);
    });
  }
  const unknown = Object.keys(raw).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const listed = unknown.map((name) => `"${name}"`).join(", ");
    throw new TypeError(
      `${family}: no argument ${listed}; it takes ${signature(parameters)}${didYouMean(unknown, names)}`,
    );
  }
  const validateArgs = readOptions(family, options, names);
  const given: Record<string, Tensor> = {};
  for (const name of names) {
    const value = raw[name] ?? parameters[name]!.default;
    if (name in raw) checkPresent(family, name, raw[name], parameters[name]!);
    if (value !== undefined) given[name] = argument(family, name, value);
  }
  for (const name of names) {
    const alternatives = [name, ...Object.keys(parameters[name]!.from ?? {})];
    const chosen = alternatives.filter((a) => a in given);
    if (chosen.length === 1) continue;
    const absent = alternatives.find((a) => a in raw);
    if (chosen.length === 0 && absent !== undefined) throw absentValue(family, absent, raw[absent], "");
    const listed = alternatives.length === 1 ? `"${name}"` : `one of ${alternatives.map((a) => `"${a}"`).join(", ")}`;
    throw new TypeError(
      chosen.length === 0
        ? `${family}: ${listed} is missing; it takes ${places(names)}`
        : `${family}: ${chosen.map((a) => `"${a}"`).join(" and ")} say the same thing; pass one of them`,
    );
  }
  return { given, validateArgs };
}

/** A default stands in for an argument that was left out, not for one that came out undefined. */
function checkPresent(family: string, name: string, value: unknown, parameter: Parameter<string>): void {
  const standIn = parameter.default;
  if ((value !== undefined && value !== null) || standIn === undefined) return;
  throw absentValue(family, name, value, ` Leave the argument out to get its default, ${String(standIn)}.`);
}

const absentValue = (family: string, name: string, value: unknown, advice: string): TypeError =>
  new TypeError(`${family}: ${name} is ${String(value)}. ${remedy(value)}${advice}`);

function argument(family: string, name: string, value: unknown): Tensor {
  try {
    return asTensor(value as TensorLike);
  } catch (error) {
    throw new TypeError(`${family}: ${name}: ${(error as Error).message}`, { cause: error });
  }
}

function readOptions(family: string, options: unknown, names: readonly string[]): boolean {
  if (!isPlainObject(options)) {
    throw new TypeError(`${family}: the options have to be an object, { validateArgs }, got ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (name === "validateArgs") continue;
    const meant = nearestName(name, ["validateArgs"]) ? undefined : meantName(name, names);
    throw new TypeError(
      meant === undefined
        ? `${family}: unknown option "${name}"${suggestion(name, ["validateArgs"])}`
        : `${family}: unknown option "${name}"; did you mean the argument "${meant}"? Arguments by name go into one object with all others: ` +
            `${family}({ ${[...new Set([names[0], meant])].map((n) => `${n}: …`).join(", ")} })`,
    );
  }
  const { validateArgs = true } = options;
  if (typeof validateArgs === "boolean") return validateArgs;
  throw new TypeError(`${family}: validateArgs has to be true or false, got ${describe(validateArgs)}`);
}

const places = (names: readonly string[]): string => `(${names.join(", ")}, { validateArgs }?)`;

/** The arguments in the order of their places, and which of them stand for each other. */
function signature(parameters: Readonly<Record<string, Parameter<string>>>): string {
  const names = Object.keys(parameters);
  const alternatives = names.filter((name) => parameters[name]!.from);
  return `${places(names)}${alternatives.length > 0 ? ` with one of ${alternatives.join(", ")}` : ""}`;
}

/** `. Did you mean "loc", "scale"?`, or nothing. */
function didYouMean(unknown: readonly string[], names: readonly string[]): string {
  const meant = unknown.map((name) => meantName(name, names)).filter((name) => name !== undefined);
  return meant.length > 0 ? `. Did you mean ${meant.map((name) => `"${name}"`).join(", ")}?` : "";
}
