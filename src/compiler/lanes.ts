/**
 * The loop body as data: expressions over pairs of doubles, hash-consed so that equal ones are computed once.
 *
 * `LaneAlgebra` lets every elementwise definition of the library write itself into this form; emit.ts turns it into SIMD.
 */
import type { Algebra } from "../wasm/algebra.ts";
import { numberAlgebra } from "../wasm/numberAlgebra.ts";

/** Where an operand lies: element `offset + Σ strides[d]·i[d]` of a buffer, over the indices of the loops. */
export interface Access {
  readonly buffer: number;
  readonly offset: number;
  readonly strides: readonly number[];
  /** Reads through an index: that many bytes further, as found in a buffer of byte offsets. */
  readonly index?: Access;
}

type Composed =
  | "exponent"
  | "mantissa"
  | "copysign"
  | "inversePower"
  | "inverseScale"
  | "table"
  | "scale"
  | "scaledTable";
type Folded = Exclude<keyof Algebra<unknown>, "constant" | Composed> | "copysign";
/** The algebra without the functions of bits, which are composed of the shifts, sums and masks here. */
export type LaneOp =
  | Exclude<Folded, "copysign" | "neg" | "abs">
  | "constant"
  | "load"
  | "table"
  | "weigh"
  | "truthOf"
  | "shiftRight"
  | "shiftLeft"
  | "bitAdd"
  | "bitSub"
  | "bitAnd"
  | "bitAndNot"
  | "bitOr"
  | "bitXor"
  | "bitSelect"
  | "slot"
  | "pair";

/** Bit patterns, as the doubles that have them. */
const bits = {
  exponentField: Infinity,
  signAndExponent: -Infinity,
  one: 1,
  two52: 2 ** 52,
  sign: -0,
  largestPower: 2 ** 1023,
} as const;

export interface Lane {
  readonly id: number;
  readonly op: LaneOp;
  readonly args: readonly Lane[];
  /** The innermost loop whose index the value depends on; −1: none. */
  readonly level: number;
  readonly constant?: number;
  readonly access?: Access;
  readonly table?: Float64Array;
  /** Number of a slot; halves of a pair, as 2i + j; places of a shift. */
  readonly place?: number;
}

/** Innermost loop that an access depends on. */
export const levelOf = (access: Access): number =>
  Math.max(
    access.strides.findLastIndex((s) => s !== 0),
    access.index ? levelOf(access.index) : -1,
  );

const truths: ReadonlySet<LaneOp> = new Set(["lt", "le", "eq", "ne", "and", "or", "not", "truthOf"]);
/** Whether a value is a lane mask and not a number. */
export const isMask = (lane: Lane): boolean =>
  truths.has(lane.op) ||
  (lane.op === "select" && isMask(lane.args[1]!)) ||
  (lane.op === "pair" && isMask(lane.args[0]!));

const isZero = (lane: Lane): boolean => Object.is(lane.constant, 0);

const accessKey = (a: Access): string =>
  `${a.buffer}+${a.offset}[${a.strides}]${a.index ? `@${accessKey(a.index)}` : ""}`;

/** Collects the expressions of one loop nest. */
export class LaneAlgebra implements Algebra<Lane> {
  readonly #known: Map<string, Lane> = new Map();
  readonly #tables: Map<Float64Array, number> = new Map();
  /** All values, operands first. */
  readonly lanes: Lane[] = [];

  #make(op: LaneOp, args: readonly Lane[], key: string, rest: Partial<Lane> = {}): Lane {
    const known = this.#known.get(key);
    if (known) return known;
    const level = rest.access ? levelOf(rest.access) : args.reduce((l, a) => Math.max(l, a.level), -1);
    const lane: Lane = { id: this.lanes.length, op, args, level, ...rest };
    this.lanes.push(lane);
    this.#known.set(key, lane);
    return lane;
  }

  /** The number that an operation on constants gives. */
  #fold(op: Folded, args: readonly Lane[]): Lane | undefined {
    if (!args.every((a) => a.op === "constant")) return undefined;
    const folded = (numberAlgebra[op] as (...x: number[]) => number)(...args.map((a) => a.constant!));
    return truths.has(op as LaneOp) ? this.truthOf(this.constant(folded)) : this.constant(folded);
  }
  #apply(op: Folded & LaneOp, ...args: Lane[]): Lane {
    return this.#fold(op, args) ?? this.#bits(op, ...args);
  }
  #bits(op: LaneOp, ...args: Lane[]): Lane {
    let key: string = op;
    for (let i = 0; i < args.length; i++) key += ` ${args[i]!.id}`;
    return this.#make(op, args, key);
  }
  #shift(op: "shiftLeft" | "shiftRight", a: Lane, place: number): Lane {
    return this.#make(op, [a], `${op} ${a.id} ${place}`, { place });
  }

  constant(x: number): Lane {
    return this.#make("constant", [], Object.is(x, -0) ? "c -0" : `c ${x}`, { constant: x });
  }
  load(access: Access): Lane {
    return this.#make("load", [], `load ${accessKey(access)}`, { access });
  }
  /** A value that the code around the expressions supplies, told apart by its number; `level` as for loads. */
  slot(place: number, level: number): Lane {
    return this.#make("slot", [], `slot ${place}`, { level, place });
  }
  /** A value of another algebra on operands of this one. */
  copy({ op, constant, access, table, place }: Lane, args: readonly Lane[]): Lane {
    if (constant !== undefined) return this.constant(constant);
    if (access) return this.load(access);
    if (table) return this.table(table, args[0]!);
    if (place === undefined) return this.#bits(op, ...args);
    return this.#make(op, args, `${op} ${args.map((a) => a.id)} ${place}`, { place });
  }
  /** Half `i` of `a` beside half `j` of `b`. */
  pair(a: Lane, i: number, b: Lane, j: number): Lane {
    return this.#make("pair", [a, b], `pair ${a.id} ${i} ${b.id} ${j}`, { place: 2 * i + j });
  }
  /** An element of a matrix of data times one of a vector, for a sum from which it may be left out where the first is zero. */
  weigh(a: Lane, b: Lane): Lane {
    return this.#make("weigh", [a, b], `weigh ${a.id} ${b.id}`);
  }
  /** A stored truth value (0 or 1) as a mask. */
  truthOf(a: Lane): Lane {
    return this.#make("truthOf", [a], `truthOf ${a.id}`);
  }
  table(table: Float64Array, steps: Lane): Lane {
    if (!this.#tables.has(table)) this.#tables.set(table, this.#tables.size);
    return this.#make("table", [steps], `table ${this.#tables.get(table)} ${steps.id}`, { table });
  }
  /** The quotient in the place of an exponent field, and below it the remainder. */
  #field(steps: Lane, count: number): Lane {
    return this.#shift("shiftLeft", steps, 52 - Math.log2(count));
  }
  scale(steps: Lane, count: number): Lane {
    return this.#bits("bitAnd", this.#field(steps, count), this.constant(bits.exponentField));
  }
  scaledTable(table: Float64Array, steps: Lane): Lane {
    return this.#bits("bitAdd", this.table(lowered(table), steps), this.#field(steps, table.length));
  }

  add(a: Lane, b: Lane): Lane {
    return this.#apply("add", a, b);
  }
  sub(a: Lane, b: Lane): Lane {
    return this.#apply("sub", a, b);
  }
  mul(a: Lane, b: Lane): Lane {
    return this.#apply("mul", a, b);
  }
  div(a: Lane, b: Lane): Lane {
    return this.#apply("div", a, b);
  }
  // Signs are bits of one constant, which stays in a register; engines build one for each instruction of this kind.
  neg(a: Lane): Lane {
    const sign = this.constant(bits.sign);
    const isSize = a.op === "bitAndNot" && a.args[1] === sign;
    return this.#fold("neg", [a]) ?? (isSize ? this.#bits("bitOr", a.args[0]!, sign) : this.#bits("bitXor", a, sign));
  }
  abs(a: Lane): Lane {
    return this.#fold("abs", [a]) ?? this.#bits("bitAndNot", a, this.constant(bits.sign));
  }
  sqrt(a: Lane): Lane {
    return this.#apply("sqrt", a);
  }
  min(a: Lane, b: Lane): Lane {
    return this.#apply("min", a, b);
  }
  max(a: Lane, b: Lane): Lane {
    return this.#apply("max", a, b);
  }
  floor(a: Lane): Lane {
    return this.#apply("floor", a);
  }
  ceil(a: Lane): Lane {
    return this.#apply("ceil", a);
  }
  trunc(a: Lane): Lane {
    return this.#apply("trunc", a);
  }
  nearest(a: Lane): Lane {
    return this.#apply("nearest", a);
  }
  copysign(a: Lane, b: Lane): Lane {
    return this.#fold("copysign", [a, b]) ?? this.#bits("bitSelect", b, a, this.constant(bits.sign));
  }
  lt(a: Lane, b: Lane): Lane {
    return this.#apply("lt", a, b);
  }
  le(a: Lane, b: Lane): Lane {
    return this.#apply("le", a, b);
  }
  eq(a: Lane, b: Lane): Lane {
    return this.#apply("eq", a, b);
  }
  ne(a: Lane, b: Lane): Lane {
    return this.#apply("ne", a, b);
  }
  and(a: Lane, b: Lane): Lane {
    return this.#apply("and", a, b);
  }
  or(a: Lane, b: Lane): Lane {
    return this.#apply("or", a, b);
  }
  not(a: Lane): Lane {
    return this.#apply("not", a);
  }
  select(condition: Lane, a: Lane, b: Lane): Lane {
    if (a === b) return a;
    const known = condition.op === "truthOf" ? condition.args[0]!.constant : undefined;
    if (known !== undefined) return known === 0 ? b : a;
    // With zero or NaN, whose bits may be all ones, on one side, a mask is the choice.
    if (isZero(b)) return this.#bits("bitAnd", condition, a);
    if (isZero(a)) return this.#bits("bitAndNot", b, condition);
    if (Number.isNaN(a.constant)) return this.#bits("bitOr", condition, b);
    return this.#apply("select", condition, a, b);
  }
  /** Bits of `a` less those of `from`: the exponent of `a` is in place, as a signed integer. */
  #above(a: Lane, from: number): Lane {
    return this.#bits("bitSub", a, this.constant(from));
  }
  exponent(a: Lane, from: number): Lane {
    // The exponent plus 2048 as an integer in the low bits of 2^52, which is then taken off together with the bias.
    const biased = this.#shift("shiftRight", this.#bits("bitAdd", this.#above(a, from), this.constant(bits.sign)), 52);
    return this.sub(this.#bits("bitOr", biased, this.constant(bits.two52)), this.constant(bits.two52 + 2048));
  }
  mantissa(a: Lane, from: number): Lane {
    return this.#bits("bitSub", a, this.#bits("bitAnd", this.#above(a, from), this.constant(bits.signAndExponent)));
  }
  inversePower(a: Lane): Lane {
    return this.#bits("bitSub", this.constant(bits.largestPower), a);
  }
  inverseScale(a: Lane): Lane {
    return this.#bits("bitSelect", this.constant(0), this.constant(bits.exponentField), a);
  }
}

const loweredTables: WeakMap<Float64Array, Float64Array> = new WeakMap();
/** A table whose entries have the integers of their index, in the place of an exponent and below, and the bias taken off beforehand. */
function lowered(table: Float64Array): Float64Array {
  let out = loweredTables.get(table);
  if (!out) {
    out = table.slice();
    const words = new DataView(out.buffer);
    const unit = 2 ** 20 / table.length;
    for (let i = 0; i < table.length; i++)
      words.setUint32(8 * i + 4, words.getUint32(8 * i + 4, true) - i * unit - 1023 * 2 ** 20, true);
    loweredTables.set(table, out);
  }
  return out;
}

/** Copies expressions into another algebra, but for those that `instead` gives values of that algebra for. */
export function copier(algebra: LaneAlgebra, instead: (lane: Lane) => Lane | undefined): (lane: Lane) => Lane {
  const copies = new Map<Lane, Lane>();
  const copy = (lane: Lane): Lane => {
    let made = copies.get(lane);
    if (!made) {
      made = instead(lane) ?? algebra.copy(lane, lane.args.map(copy));
      copies.set(lane, made);
    }
    return made;
  };
  return copy;
}
