/**
 * The whole WebAssembly instruction set: MVP, sign extension, saturating truncation, bulk memory, SIMD and relaxed SIMD. For those who read
 * modules; a row whose instructions programs are to hold belongs into `opcodes.ts`.
 */
import { encodings, type NamesOf, OPCODES, type Opcode } from "./opcodes.ts";

/** The instructions that programs never hold, in the form of `opcodes.ts`. */
const RUNS = [
  [0x23, "global", "get set"],
  [0x29, "i64", "load"],
  [0x2a, "f32", "load"],
  [0x2c, "i32", "load8_s load8_u load16_s load16_u"],
  [0x30, "i64", "load8_s load8_u load16_s load16_u load32_s load32_u"],
  [0x36, "i32", "store"],
  [0x37, "i64", "store"],
  [0x38, "f32", "store"],
  [0x3a, "i32", "store8 store16"],
  [0x3c, "i64", "store8 store16 store32"],
  [0x3f, "memory", "size grow"],
  [0x43, "f32", "const"],
  [0x50, "i64", "eqz"],
  [0x51, "i64", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0x5b, "f32", "eq ne lt gt le ge"],
  [0x79, "i64", "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr"],
  [0x8b, "f32", "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign"],
  [0xa7, "i32", "wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u"],
  [0xac, "i64", "extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u"],
  [0xb2, "f32", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64"],
  [0xbc, "i32", "reinterpret_f32"],
  [0xbd, "i64", "reinterpret_f64"],
  [0xbe, "f32", "reinterpret_i32"],
  [0xbf, "f64", "reinterpret_i64"],
  [0xc0, "i32", "extend8_s extend16_s"],
  [0xc2, "i64", "extend8_s extend16_s extend32_s"],
  [0xfc000, "i32", "trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u"],
  [0xfc004, "i64", "trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u"],
  [0xfd010, "i16x8", "splat"],
  [0xfd011, "i32x4", "splat"],
  [0xfd012, "i64x2", "splat"],
  [0xfd013, "f32x4", "splat"],
  [0xfd015, "i8x16", "extract_lane_s extract_lane_u replace_lane"],
  [0xfd018, "i16x8", "extract_lane_s extract_lane_u replace_lane"],
  [0xfd01d, "i64x2", "extract_lane replace_lane"],
  [0xfd01f, "f32x4", "extract_lane replace_lane"],
  [0xfd023, "i8x16", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0xfd02d, "i16x8", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0xfd037, "i32x4", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0xfd041, "f32x4", "eq ne lt gt le ge"],
  [0xfd05e, "f32x4", "demote_f64x2_zero"],
  [0xfd05f, "f64x2", "promote_low_f32x4"],
  [0xfd060, "i8x16", "abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u"],
  [0xfd067, "f32x4", "ceil floor trunc nearest"],
  [0xfd06b, "i8x16", "shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u"],
  [0xfd076, "i8x16", "min_s min_u max_s max_u"],
  [0xfd07b, "i8x16", "avgr_u"],
  [0xfd07c, "i16x8", "extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u"],
  [0xfd07e, "i32x4", "extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u"],
  [0xfd080, "i16x8", "abs neg q15mulr_sat_s all_true bitmask narrow_i32x4_s narrow_i32x4_u"],
  [0xfd087, "i16x8", "extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u"],
  [0xfd08b, "i16x8", "shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u"],
  [0xfd095, "i16x8", "mul min_s min_u max_s max_u _ avgr_u"],
  [0xfd09c, "i16x8", "extmul_low_i8x16_s extmul_high_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_u"],
  [0xfd0a0, "i32x4", "abs neg _ all_true bitmask"],
  [0xfd0a7, "i32x4", "extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u"],
  [0xfd0ab, "i32x4", "shl shr_s shr_u add _ _ sub _ _ _ mul min_s min_u max_s max_u dot_i16x8_s"],
  [0xfd0bc, "i32x4", "extmul_low_i16x8_s extmul_high_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_u"],
  [0xfd0c0, "i64x2", "abs neg _ all_true bitmask"],
  [0xfd0c7, "i64x2", "extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u"],
  [0xfd0dc, "i64x2", "extmul_low_i32x4_s extmul_high_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_u"],
  [0xfd0e0, "f32x4", "abs neg _ sqrt add sub mul div min max pmin pmax"],
  [0xfd0f8, "i32x4", "trunc_sat_f32x4_s trunc_sat_f32x4_u"],
  [0xfd0fa, "f32x4", "convert_i32x4_s convert_i32x4_u"],
  [0xfd0fc, "i32x4", "trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero"],
  [0xfd0fe, "f64x2", "convert_low_i32x4_s convert_low_i32x4_u"],
  [0xfd105, "f32x4", "relaxed_madd relaxed_nmadd"],
] as const;

/** The name of any instruction, as in the text format: `"i16x8.avgr_u"`. */
export type Instruction = Opcode | NamesOf<typeof RUNS>;

/** Encoding of every instruction: the opcode byte, or `prefix byte * 0x1000 + sub-opcode`. */
export const INSTRUCTIONS: Readonly<Record<Instruction, number>> = { ...OPCODES, ...encodings(RUNS) } as Record<
  Instruction,
  number
>;
