/** The arguments of a family: by position or by name, with their defaults, alternatives and options. */
import { nearestName, suggestion } from "../src/effects/spelling.ts";
import { describe, isPlainObject, remedy } from "../src/tensor/describe.ts";
import { asTensor, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import type { Definition, Parameter } from "./definition.ts";

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
        throw new TypeError(`${family}: takes ${signature(names)}, got ${args.length} arguments`);
    });
  }
  for (const name of Object.keys(raw)) {
    if (names.includes(name)) continue;
    const near = nearestName(name, names);
    throw new TypeError(
      `${family}: no argument "${name}"; it takes ${signature(names)}${near === undefined ? "" : `. Did you mean "${near}"?`}`,
    );
  }
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
        ? `${family}: ${listed} is missing; it takes ${signature(names)}`
        : `${family}: ${chosen.map((a) => `"${a}"`).join(" and ")} say the same thing; pass one of them`,
    );
  }
  return { given, validateArgs: readOptions(family, options) };
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

function readOptions(family: string, options: unknown): boolean {
  if (!isPlainObject(options)) {
    throw new TypeError(`${family}: the options have to be an object, { validateArgs }, got ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (name !== "validateArgs")
      throw new TypeError(`${family}: unknown option "${name}"${suggestion(name, ["validateArgs"])}`);
  }
  const { validateArgs = true } = options;
  if (typeof validateArgs === "boolean") return validateArgs;
  throw new TypeError(`${family}: validateArgs has to be true or false, got ${describe(validateArgs)}`);
}

const signature = (names: readonly string[]): string => `(${names.join(", ")}, { validateArgs }?)`;
