/** Checks on the arguments of primitives that types can't make for plain JavaScript. */
import { describe, isPlainObject } from "../tensor/describe.ts";
import { suggestion } from "../tensor/spelling.ts";
import { ModelError } from "./modelError.ts";

/** @throws ModelError if the options are no plain object of the known fields. */
export function checkOptions(site: string, label: string, options: unknown, known: readonly string[]): void {
  if (!isPlainObject(options)) {
    throw new ModelError(
      site,
      `${label}: the last argument has to be an object of options, like { ${known[0]}: … }; the fields are ${known.join(", ")}. It is ${describe(options)}.`,
    );
  }
  for (const field of Object.keys(options)) {
    if (!known.includes(field))
      throw new ModelError(site, `${label}: unknown option "${field}"${suggestion(field, known)}`);
  }
}

/** @throws TypeError if the name is no string, or empty. */
export function checkName(primitive: string, name: unknown): void {
  if (typeof name === "string" && name !== "") {
    if (!/Tensor\(.*, shape /.test(name)) return;
    throw new TypeError(
      `${primitive}: the name "${name}" contains a tensor. A name has to be the same in every run: build it from numbers and strings.`,
    );
  }
  throw new TypeError(
    `${primitive}: the first argument has to be the site's name, a string that isn't empty, got ${name === "" ? '""' : describe(name)}.`,
  );
}
