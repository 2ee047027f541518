/**
 * The WebAssembly instruction set as one table: MVP, sign extension, saturating truncation, bulk memory, SIMD and
 * relaxed SIMD. (Source: the WebAssembly core specification, chapter 5.4, and the relaxed SIMD proposal.)
 *
 * Rows are runs of consecutive opcodes, `[first, prefix, names]`; `_` skips an unassigned opcode. An opcode with a
 * prefix byte is `prefix * 0x1000 + sub-opcode`, so `f64x2.add` is 0xfd0f0.
 */
const RUNS = [
  [0x00, "", "unreachable nop block loop if else"],
  [0x0b, "", "end br br_if br_table return call call_indirect"],
  [0x1a, "", "drop select"],
  [0x20, "local", "get set tee"],
  [0x23, "global", "get set"],
  [0x28, "i32", "load"],
  [0x29, "i64", "load"],
  [0x2a, "f32", "load"],
  [0x2b, "f64", "load"],
  [0x2c, "i32", "load8_s load8_u load16_s load16_u"],
  [0x30, "i64", "load8_s load8_u load16_s load16_u load32_s load32_u"],
  [0x36, "i32", "store"],
  [0x37, "i64", "store"],
  [0x38, "f32", "store"],
  [0x39, "f64", "store"],
  [0x3a, "i32", "store8 store16"],
  [0x3c, "i64", "store8 store16 store32"],
  [0x3f, "memory", "size grow"],
  [0x41, "i32", "const"],
  [0x42, "i64", "const"],
  [0x43, "f32", "const"],
  [0x44, "f64", "const"],
  [0x45, "i32", "eqz"],
  [0x46, "i32", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0x50, "i64", "eqz"],
  [0x51, "i64", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0x5b, "f32", "eq ne lt gt le ge"],
  [0x61, "f64", "eq ne lt gt le ge"],
  [0x67, "i32", "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr"],
  [0x79, "i64", "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr"],
  [0x8b, "f32", "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign"],
  [0x99, "f64", "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign"],
  [0xa7, "i32", "wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u"],
  [0xac, "i64", "extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u"],
  [0xb2, "f32", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64"],
  [0xb7, "f64", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32"],
  [0xbc, "i32", "reinterpret_f32"],
  [0xbd, "i64", "reinterpret_f64"],
  [0xbe, "f32", "reinterpret_i32"],
  [0xbf, "f64", "reinterpret_i64"],
  [0xc0, "i32", "extend8_s extend16_s"],
  [0xc2, "i64", "extend8_s extend16_s extend32_s"],

  [0xfc000, "i32", "trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u"],
  [0xfc004, "i64", "trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u"],
  [0xfc00a, "memory", "copy fill"],

  [0xfd000, "v128", "load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u"],
  [0xfd007, "v128", "load8_splat load16_splat load32_splat load64_splat store const"],
  [0xfd00d, "i8x16", "shuffle swizzle splat"],
  [0xfd010, "i16x8", "splat"],
  [0xfd011, "i32x4", "splat"],
  [0xfd012, "i64x2", "splat"],
  [0xfd013, "f32x4", "splat"],
  [0xfd014, "f64x2", "splat"],
  [0xfd015, "i8x16", "extract_lane_s extract_lane_u replace_lane"],
  [0xfd018, "i16x8", "extract_lane_s extract_lane_u replace_lane"],
  [0xfd01b, "i32x4", "extract_lane replace_lane"],
  [0xfd01d, "i64x2", "extract_lane replace_lane"],
  [0xfd01f, "f32x4", "extract_lane replace_lane"],
  [0xfd021, "f64x2", "extract_lane replace_lane"],
  [0xfd023, "i8x16", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0xfd02d, "i16x8", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0xfd037, "i32x4", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0xfd041, "f32x4", "eq ne lt gt le ge"],
  [0xfd047, "f64x2", "eq ne lt gt le ge"],
  [0xfd04d, "v128", "not and andnot or xor bitselect any_true"],
  [0xfd054, "v128", "load8_lane load16_lane load32_lane load64_lane"],
  [0xfd058, "v128", "store8_lane store16_lane store32_lane store64_lane load32_zero load64_zero"],
  [0xfd05e, "f32x4", "demote_f64x2_zero"],
  [0xfd05f, "f64x2", "promote_low_f32x4"],
  [0xfd060, "i8x16", "abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u"],
  [0xfd067, "f32x4", "ceil floor trunc nearest"],
  [0xfd06b, "i8x16", "shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u"],
  [0xfd074, "f64x2", "ceil floor"],
  [0xfd076, "i8x16", "min_s min_u max_s max_u"],
  [0xfd07a, "f64x2", "trunc"],
  [0xfd07b, "i8x16", "avgr_u"],
  [0xfd07c, "i16x8", "extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u"],
  [0xfd07e, "i32x4", "extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u"],
  [0xfd080, "i16x8", "abs neg q15mulr_sat_s all_true bitmask narrow_i32x4_s narrow_i32x4_u"],
  [0xfd087, "i16x8", "extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u"],
  [0xfd08b, "i16x8", "shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u"],
  [0xfd094, "f64x2", "nearest"],
  [0xfd095, "i16x8", "mul min_s min_u max_s max_u _ avgr_u"],
  [0xfd09c, "i16x8", "extmul_low_i8x16_s extmul_high_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_u"],
  [0xfd0a0, "i32x4", "abs neg _ all_true bitmask"],
  [0xfd0a7, "i32x4", "extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u"],
  [0xfd0ab, "i32x4", "shl shr_s shr_u add _ _ sub _ _ _ mul min_s min_u max_s max_u dot_i16x8_s"],
  [0xfd0bc, "i32x4", "extmul_low_i16x8_s extmul_high_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_u"],
  [0xfd0c0, "i64x2", "abs neg _ all_true bitmask"],
  [0xfd0c7, "i64x2", "extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u"],
  [0xfd0cb, "i64x2", "shl shr_s shr_u add _ _ sub _ _ _ mul eq ne lt_s gt_s le_s ge_s"],
  [0xfd0dc, "i64x2", "extmul_low_i32x4_s extmul_high_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_u"],
  [0xfd0e0, "f32x4", "abs neg _ sqrt add sub mul div min max pmin pmax"],
  [0xfd0ec, "f64x2", "abs neg _ sqrt add sub mul div min max pmin pmax"],
  [0xfd0f8, "i32x4", "trunc_sat_f32x4_s trunc_sat_f32x4_u"],
  [0xfd0fa, "f32x4", "convert_i32x4_s convert_i32x4_u"],
  [0xfd0fc, "i32x4", "trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero"],
  [0xfd0fe, "f64x2", "convert_low_i32x4_s convert_low_i32x4_u"],

  [0xfd105, "f32x4", "relaxed_madd relaxed_nmadd"],
  [0xfd107, "f64x2", "relaxed_madd relaxed_nmadd"],
] as const;

type Words<S extends string> = S extends `${infer Word} ${infer Rest}` ? Word | Words<Rest> : S;
type Names<Run> = Run extends readonly [number, infer Prefix extends string, infer List extends string]
  ? Prefix extends ""
    ? Words<List>
    : `${Prefix}.${Exclude<Words<List>, "_">}`
  : never;

/** The name of an instruction, as in the text format: `"f64x2.add"`. */
export type Opcode = Names<(typeof RUNS)[number]>;

/** Encoding of every instruction: the opcode byte, or `prefix byte * 0x1000 + sub-opcode`. */
export const OPCODES: Readonly<Record<Opcode, number>> = Object.fromEntries(
  RUNS.flatMap(([first, prefix, names]) =>
    names
      .split(" ")
      .map((name, i): [string, number] => [prefix === "" ? name : `${prefix}.${name}`, first + i])
      .filter(([name]) => !name.endsWith("_")),
  ),
) as Record<Opcode, number>;

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

/** The kind of immediates of an encoding from {@link OPCODES}. */
export function immediatesOf(encoding: number): Immediates {
  for (const [first, last, kind] of IMMEDIATES) if (encoding >= first && encoding <= last) return kind;
  return "none";
}

/**
 * Natural alignment of a memory instruction as a power of two: 3 for `f64.load`, 4 for `v128.load`.
 * `v128.load32x2_s` and the like read 8 bytes.
 */
export function naturalAlignment(name: Opcode): number {
  const [type, access] = name.split(".") as [string, string];
  const bits = /^(?:load|store)(\d+)(?:x(\d))?/.exec(access);
  const width = bits ? Number(bits[1]) * Number(bits[2] ?? 1) : type === "v128" ? 128 : Number(type.slice(1));
  return 28 - Math.clz32(width);
}
