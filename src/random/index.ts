/** The public names of `random`: keys, the scalar stream and the samplers. */
export { bits, bits64, foldIn, isKey, type Key, key, split } from "./key.ts";
export * from "./samplers.ts";
export { type Stream, stream } from "./stream.ts";
