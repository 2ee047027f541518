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

type Folded = Exclude<keyof Algebra<unknown>, "constant" | "table">;
/** The algebra without the functions of bits, which are composed of the shifts and masks here. */
export type LaneOp =
  | Exclude<Folded, "exponent" | "mantissa" | "exp2i" | "copysign">
  | "constant"
  | "load"
  | "table"
  | "truthOf"
  | "shiftRight52"
  | "shiftLeft52"
  | "bitAnd"
  | "bitOr"
  | "bitSelect"
  | "slot"
  | "pair";

/** Bit patterns, as the doubles that have them. */
const bits = {
  exponentField: 2047 * Number.MIN_VALUE,
  fraction: (2 ** 52 - 1) * Number.MIN_VALUE,
  one: 1,
  two52: 2 ** 52,
  sign: -0,
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
  /** Number of a slot; halves of a pair, as 2i + j. */
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
    return this.#make(op, args, `${op} ${args.map((a) => a.id)}`);
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
  copy({ op, constant, access, table }: Lane, args: readonly Lane[]): Lane {
    if (constant !== undefined) return this.constant(constant);
    if (access) return this.load(access);
    return table ? this.table(table, args[0]!) : this.#bits(op, ...args);
  }
  /** Half `i` of `a` beside half `j` of `b`. */
  pair(a: Lane, i: number, b: Lane, j: number): Lane {
    return this.#make("pair", [a, b], `pair ${a.id} ${i} ${b.id} ${j}`, { place: 2 * i + j });
  }
  /** A stored truth value (0 or 1) as a mask. */
  truthOf(a: Lane): Lane {
    return this.#make("truthOf", [a], `truthOf ${a.id}`);
  }
  table(table: Float64Array, index: Lane): Lane {
    if (!this.#tables.has(table)) this.#tables.set(table, this.#tables.size);
    return this.#make("table", [index], `table ${this.#tables.get(table)} ${index.id}`, { table });
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
  neg(a: Lane): Lane {
    return this.#apply("neg", a);
  }
  abs(a: Lane): Lane {
    return this.#apply("abs", a);
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
    return this.#apply("select", condition, a, b);
  }
  exponent(a: Lane): Lane {
    const field = (): Lane => this.#bits("bitAnd", this.#bits("shiftRight52", a), this.constant(bits.exponentField));
    // The field as an integer in the low bits of 2^52, which is then taken off together with the bias.
    const biased = (): Lane => this.#bits("bitOr", field(), this.constant(bits.two52));
    return this.#fold("exponent", [a]) ?? this.sub(biased(), this.constant(bits.two52 + 1023));
  }
  mantissa(a: Lane): Lane {
    const fraction = (): Lane => this.#bits("bitAnd", a, this.constant(bits.fraction));
    return this.#fold("mantissa", [a]) ?? this.#bits("bitOr", fraction(), this.constant(bits.one));
  }
  exp2i(k: Lane): Lane {
    return this.#fold("exp2i", [k]) ?? this.#bits("shiftLeft52", this.add(k, this.constant(bits.two52 + 1023)));
  }
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
