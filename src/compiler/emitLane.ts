/** Expressions of a loop body as instructions on pairs of doubles. */
import { tableRoom } from "../wasm/algebra.ts";
import type { Code, Local, ValueType } from "../wasm/assembler.ts";
import type { Opcode } from "../wasm/opcodes.ts";
import type { Lane, LaneOp } from "./lanes.ts";

/** What the instructions of an expression need of the function around them. */
export interface LaneEnvironment {
  readonly code: Code;
  readonly tableAddress: (table: Float64Array) => number;
  readonly literalAddress: (x: number) => number;
  readonly take: (type: ValueType) => Local;
}

/** Instructions of the operations that are one. */
const simd: Readonly<Partial<Record<LaneOp, Opcode>>> = {
  add: "f64x2.add",
  sub: "f64x2.sub",
  mul: "f64x2.mul",
  weigh: "f64x2.mul",
  div: "f64x2.div",
  sqrt: "f64x2.sqrt",
  min: "f64x2.pmin",
  max: "f64x2.pmax",
  floor: "f64x2.floor",
  ceil: "f64x2.ceil",
  trunc: "f64x2.trunc",
  nearest: "f64x2.nearest",
  lt: "f64x2.lt",
  le: "f64x2.le",
  eq: "f64x2.eq",
  ne: "f64x2.ne",
  and: "v128.and",
  or: "v128.or",
  not: "v128.not",
  bitAdd: "i64x2.add",
  bitSub: "i64x2.sub",
  bitAnd: "v128.and",
  bitAndNot: "v128.andnot",
  bitOr: "v128.or",
  bitXor: "v128.xor",
  bitSelect: "v128.bitselect",
};
/** Bit patterns, as doubles, that split significand and exponent. */
export const bitLiterals: Readonly<Record<"two52" | "bias" | "fraction" | "one", number>> = {
  two52: 2 ** 52,
  bias: 2 ** 52 + 1023,
  fraction: (2 ** 52 - 1) * Number.MIN_VALUE,
  one: 1,
};

/** How often each expression below the roots is used, each counted once per user. */
export function usesOf(roots: readonly Lane[]): Map<Lane, number> {
  const uses = new Map<Lane, number>();
  const visit = (lane: Lane): void => {
    const seen = uses.get(lane);
    uses.set(lane, (seen ?? 0) + 1);
    if (seen === undefined) lane.args.forEach(visit);
  };
  roots.forEach(visit);
  return uses;
}

/** A number in both lanes. Zero is an instruction; others are loaded. */
export function emitLiteral(x: number, { code, literalAddress }: LaneEnvironment): void {
  if (Object.is(x, 0)) code.f64x2(0);
  else code.i32(0).load("v128.load64_splat", literalAddress(x));
}

/** Pushes the value of an operation (not of a load or slot); `push` pushes that of an operand. */
export function emitOperation(lane: Lane, push: (operand: Lane) => void, env: LaneEnvironment): void {
  const { code } = env;
  const instruction = simd[lane.op];
  if (lane.op === "constant") emitLiteral(lane.constant!, env);
  else if (lane.op === "table") emitLookUp(lane, push, env);
  else if (lane.op === "select") {
    for (const i of [1, 2, 0]) push(lane.args[i]!);
    code.op("v128.bitselect");
  } else {
    lane.args.forEach(push);
    if (instruction) code.op(instruction);
    else if (lane.op === "truthOf") code.f64x2(0).op("f64x2.ne");
    else if (lane.op === "pair") code.op("i8x16.shuffle", ...pairBytes(lane.place!));
    else code.i32(lane.place!).op(lane.op === "shiftRight" ? "i64x2.shr_u" : "i64x2.shl");
  }
}

/** Bytes of one half of each of two pairs. */
export const pairBytes = (place: number): number[] =>
  [place >> 1, 2 + (place & 1)].flatMap((half) => Array.from({ length: 8 }, (_, b) => half * 8 + b));

/** The index is held inside the table, for which room up to a power of two is kept, because that of a NaN could be anything. */
function emitLookUp(lane: Lane, push: (operand: Lane) => void, { code, tableAddress, take }: LaneEnvironment): void {
  const base = tableAddress(lane.table!);
  const last = tableRoom(lane.table!.length) - 1;
  const index = take("v128");
  const entry = (half: number): void => {
    code.get(index).op("i32x4.extract_lane", half).i32(last).op("i32.and").i32(3).op("i32.shl");
  };
  push(lane.args[0]!);
  code.set(index);
  entry(2);
  entry(0);
  code.load("v128.load64_zero", base).op("v128.load64_lane", base, 3, 1);
}
