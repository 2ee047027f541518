/**
 * The WebAssembly instructions that programs are made of, with their encodings; the rest of the instruction set is in `instructionSet.ts`.
 * (Source: the WebAssembly core specification, chapter 5.4, and the relaxed SIMD proposal.)
 *
 * Rows are runs of consecutive opcodes, `[first, prefix, names]`; `_` skips an unassigned opcode. An opcode with a
 * prefix byte is `prefix * 0x1000 + sub-opcode`, so `f64x2.add` is 0xfd0f0.
 */
const RUNS = [
  [0x00, "", "unreachable nop block loop if else"],
  [0x0b, "", "end br br_if br_table return call call_indirect"],
  [0x1a, "", "drop select"],
  [0x20, "local", "get set tee"],
  [0x28, "i32", "load"],
  [0x2b, "f64", "load"],
  [0x39, "f64", "store"],
  [0x41, "i32", "const"],
  [0x42, "i64", "const"],
  [0x44, "f64", "const"],
  [0x45, "i32", "eqz"],
  [0x46, "i32", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0x61, "f64", "eq ne lt gt le ge"],
  [0x6a, "i32", "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u"],
  [0x99, "f64", "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign"],
  [0xb7, "f64", "convert_i32_s"],
  [0xfc00a, "memory", "copy fill"],
  [0xfd000, "v128", "load"],
  [0xfd00a, "v128", "load64_splat store const"],
  [0xfd00d, "i8x16", "shuffle"],
  [0xfd014, "f64x2", "splat"],
  [0xfd01b, "i32x4", "extract_lane replace_lane"],
  [0xfd021, "f64x2", "extract_lane replace_lane"],
  [0xfd047, "f64x2", "eq ne lt gt le ge"],
  [0xfd04d, "v128", "not and andnot or xor bitselect any_true"],
  [0xfd057, "v128", "load64_lane"],
  [0xfd05b, "v128", "store64_lane _ load64_zero"],
  [0xfd074, "f64x2", "ceil floor"],
  [0xfd07a, "f64x2", "trunc"],
  [0xfd094, "f64x2", "nearest"],
  [0xfd0cb, "i64x2", "shl shr_s shr_u add _ _ sub"],
  [0xfd0ec, "f64x2", "abs neg _ sqrt add sub mul div min max pmin pmax"],
  [0xfd107, "f64x2", "relaxed_madd relaxed_nmadd"],
] as const;

/** Runs of consecutive opcodes, in the form of {@link RUNS}. */
export type Runs = readonly (readonly [first: number, prefix: string, names: string])[];

type Words<S extends string> = S extends `${infer Word} ${infer Rest}` ? Word | Words<Rest> : S;
type Names<Run> = Run extends readonly [number, infer Prefix extends string, infer List extends string]
  ? Prefix extends ""
    ? Words<List>
    : `${Prefix}.${Exclude<Words<List>, "_">}`
  : never;

/** The names in a table of runs. */
export type NamesOf<Table extends Runs> = Names<Table[number]>;

/** The name of an instruction that programs may hold, as in the text format: `"f64x2.add"`. */
export type Opcode = NamesOf<typeof RUNS>;

/** Encodings by name: the opcode byte, or `prefix byte * 0x1000 + sub-opcode`. */
export const encodings = (runs: Runs): Readonly<Record<string, number>> =>
  Object.fromEntries(
    runs.flatMap(([first, prefix, names]) =>
      names
        .split(" ")
        .map((name, i): [string, number] => [prefix === "" ? name : `${prefix}.${name}`, first + i])
        .filter(([name]) => !name.endsWith("_")),
    ),
  );

/** Encoding of the instructions that programs are made of. */
export const OPCODES: Readonly<Record<Opcode, number>> = encodings(RUNS) as Record<Opcode, number>;

/**
 * What follows the opcode: `none`; `index` (one unsigned integer: a local, a function, a label, a global), `block`
 * (a block type), `memory` (alignment, offset), `memoryLane` (alignment, offset, lane), `lane`, `bytes16`,
 * `zero`/`zeros` (reserved bytes: memory indices), the constants by type, and the two rare compound ones.
 */
export type Immediates =
  | "none"
  | "index"
  | "block"
  | "memory"
  | "memoryLane"
  | "lane"
  | "bytes16"
  | "zero"
  | "zeros"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  | "brTable"
  | "callIndirect";

/** Ranges of opcodes with immediates, `[first, last, kind]`; everything else has none. */
const IMMEDIATES: readonly (readonly [number, number, Immediates])[] = [
  [0x02, 0x04, "block"],
  [0x0c, 0x0d, "index"],
  [0x0e, 0x0e, "brTable"],
  [0x10, 0x10, "index"],
  [0x11, 0x11, "callIndirect"],
  [0x20, 0x24, "index"],
  [0x28, 0x3e, "memory"],
  [0x3f, 0x40, "zero"],
  [0x41, 0x41, "i32"],
  [0x42, 0x42, "i64"],
  [0x43, 0x43, "f32"],
  [0x44, 0x44, "f64"],
  [0xfc00a, 0xfc00a, "zeros"],
  [0xfc00b, 0xfc00b, "zero"],
  [0xfd000, 0xfd00b, "memory"],
  [0xfd00c, 0xfd00d, "bytes16"],
  [0xfd015, 0xfd022, "lane"],
  [0xfd054, 0xfd05b, "memoryLane"],
  [0xfd05c, 0xfd05d, "memory"],
];

/** A function that remembers its results: the same few dozen instructions are asked for thousands of times. */
function remembered<K, V>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      value = compute(key);
      known.set(key, value);
    }
    return value;
  };
}

/** The kind of immediates of an encoding. */
export const immediatesOf: (encoding: number) => Immediates = remembered(
  (encoding) => IMMEDIATES.find(([first, last]) => encoding >= first && encoding <= last)?.[2] ?? "none",
);

/**
 * Natural alignment of a memory instruction as a power of two: 3 for `f64.load`, 4 for `v128.load`.
 * `v128.load32x2_s` and the like read 8 bytes.
 */
export const naturalAlignment: (name: string) => number = remembered((name) => {
  const [type, access] = name.split(".") as [string, string];
  const bits = /^(?:load|store)(\d+)(?:x(\d))?/.exec(access);
  const width = bits ? Number(bits[1]) * Number(bits[2] ?? 1) : type === "v128" ? 128 : Number(type.slice(1));
  return 28 - Math.clz32(width);
});
