/**
 * A loop nest as WebAssembly: the innermost loop runs over pairs of doubles, values that do not change in a loop are computed
 * before it, an odd last element goes through the same code with one lane in use.
 */
import type { Code, Local, ValueType } from "../wasm/assembler.ts";
import type { Opcode } from "../wasm/opcodes.ts";
import { type Chunk, pushTimes } from "./chunk.ts";
import { bitLiterals, emitLiteral, emitOperation, type LaneEnvironment, pairBytes } from "./emitLane.ts";
import { type Combine, identities } from "./graph.ts";
import { type Access, isMask, type Lane } from "./lanes.ts";
import type { InnerPlan, NestPlan } from "./nestPlan.ts";
import type { Register } from "./registers.ts";
import type { Accumulation, Nest } from "./steps.ts";

/** Addresses and locals of the function that is being written. */
export interface Environment {
  readonly code: Code;
  readonly address: (buffer: number) => number;
  readonly tableAddress: (table: Float64Array) => number;
  readonly literalAddress: (x: number) => number;
  /** The registers of a temporary that is not in memory. */
  readonly register: (buffer: number) => Register | undefined;
  /** The contents of a constant. */
  readonly data: (buffer: number) => Float64Array | undefined;
  /** A local that is free again after `release`. */
  readonly take: (type: ValueType) => Local;
  readonly release: (locals: readonly Local[]) => void;
}

const vectorCombine: Readonly<Record<Combine, Opcode>> = {
  logProduct: "f64x2.mul",
  sum: "f64x2.add",
  prod: "f64x2.mul",
  max: "f64x2.max",
  min: "f64x2.min",
};
const scalarCombine: Readonly<Record<Combine, Opcode>> = {
  logProduct: "f64.mul",
  sum: "f64.add",
  prod: "f64.mul",
  max: "f64.max",
  min: "f64.min",
};

/** Registers for sums in long loops: half of those there are. */
const accumulatorLimit = 8;

export function emitNest(nest: Nest, plan: NestPlan, env: Environment): void {
  const emitter = new NestEmitter(nest, plan, env);
  emitter.begin();
  emitter.run();
  emitter.end();
}

/** A running pointer: where it begins, its steps along the loops, and those from one row of a strip to the next. */
interface Pointer {
  readonly local: Local;
  readonly base: number;
  readonly strides: readonly number[];
  readonly rowStride: number;
}

/** Products of so many factors of at most 4 do not overflow. */
const productPairs = 400;

export class NestEmitter {
  readonly #nest: Nest;
  readonly #env: Environment;
  readonly #chunk: Chunk | undefined;
  readonly #code: Code;
  readonly #sizes: readonly number[];
  readonly #group: readonly number[];
  readonly #inner: number;
  readonly #accesses: readonly Access[];
  readonly #plan: InnerPlan;
  readonly #uses: ReadonlyMap<Lane, number>;
  readonly #stridesOf: Map<Access, readonly number[]> = new Map();
  readonly #hoisted: Map<Lane, Local> = new Map();
  /** Values of the body instance that is being written. */
  #current: Map<Lane, Local> = new Map();
  readonly #pointers: Map<string, Pointer> = new Map();
  readonly #accumulators: Map<Accumulation, Local[]> = new Map();
  /** Sums over outer loops into few elements, pair by pair. */
  readonly #columns: Map<Accumulation, Local[]> = new Map();
  /** Exponents that go with the accumulators of products. */
  readonly #exponents: Map<Accumulation, Local> = new Map();
  readonly #taken: Local[] = [];
  #tail = false;
  readonly #laneEnvironment: LaneEnvironment;

  constructor(nest: Nest, plan: NestPlan, env: Environment, chunk?: Chunk) {
    this.#nest = nest;
    this.#chunk = chunk;
    this.#env = env;
    this.#code = env.code;
    this.#laneEnvironment = { ...env, take: (type) => this.#take(type) };
    this.#uses = plan.uses;
    this.#sizes = plan.sizes;
    this.#group = plan.group;
    this.#inner = Math.max(plan.sizes.length - 1, 0);
    this.#plan = plan.inner;
    this.#accesses = plan.accesses;
  }

  /** Loop after collapsing; −1: none. */
  #level(lane: Lane): number {
    return lane.level < 0 ? -1 : this.#group[lane.level]!;
  }
  #strides(access: Access): readonly number[] {
    let strides = this.#stridesOf.get(access);
    if (strides === undefined) {
      const out = this.#sizes.map(() => 0);
      access.strides.forEach((s, d) => {
        // In a collapsed group the innermost of the old loops has the stride of the new one; it is visited last.
        out[this.#group[d]!] = s;
      });
      strides = out;
      this.#stridesOf.set(access, strides);
    }
    return strides;
  }
  #innerStride(access: Access): number {
    return this.#strides(access)[this.#inner] ?? 0;
  }

  /** Which pointer serves an access: one for each pattern of strides; patterns that walk backwards carry their own base. */
  #pointerKey(access: Access): string {
    const strides = this.#strides(access);
    const backwards = strides.some((s) => s < 0);
    return `${this.#rowStride(access)}:${strides}${backwards ? `@${this.#base(access)}` : ""}`;
  }
  /** Elements between the rows of a strip in a buffer that holds them all. */
  #rowStride(access: Access): number {
    return this.#chunk && !this.#chunk.strip.local.has(access.buffer) ? access.strides[0]! : 0;
  }
  #base(access: Access): number {
    return this.#env.address(access.buffer) + access.offset * 8;
  }
  /** A pattern needs a running pointer unless its only movement is inside straight-line code. */
  #declarePointer(access: Access): void {
    const strides = this.#strides(access);
    const rowStride = this.#rowStride(access);
    const moves = rowStride !== 0 || strides.some((s, d) => s !== 0 && (d < this.#inner || this.#plan.turns > 1));
    const key = this.#pointerKey(access);
    if (!moves || this.#pointers.has(key)) return;
    const local = this.#take("i32");
    const base = strides.some((s) => s < 0) ? this.#base(access) : 0;
    this.#pointers.set(key, { local, base, strides, rowStride });
    this.#code.i32(base);
    if (rowStride !== 0) {
      this.#code
        .get(this.#chunk!.first)
        .i32(rowStride * 8)
        .op("i32.mul")
        .op("i32.add");
    }
    this.#code.set(local);
  }

  #take(type: ValueType): Local {
    const local = this.#env.take(type);
    this.#taken.push(local);
    return local;
  }

  /** Pushes the changing part of an address; gives the constant part for the instruction. */
  #push(access: Access, position: number): number {
    const code = this.#code;
    const stride = this.#innerStride(access);
    const pointer = this.#pointers.get(this.#pointerKey(access));
    const backwards = this.#strides(access).some((s) => s < 0);
    const shift = position * stride * 8;
    let offset = this.#base(access) + shift;
    if (pointer) {
      code.get(pointer.local);
      if (backwards) {
        if (shift !== 0) code.i32(shift).op("i32.add");
        offset = 0;
      }
    } else code.i32(0);
    if (access.index) {
      const at = this.#push(access.index, position);
      code.load("i32.load", at).op("i32.add");
    }
    return offset;
  }

  /** Sets the sums to nothing. */
  begin(): void {
    const { accumulations } = this.#nest;
    const totals = accumulations.filter((a) => this.#innerStride(a.target) === 0);
    const room = this.#plan.turns > 1 ? Math.floor(accumulatorLimit / totals.length) : 4;
    for (const a of totals) {
      const count = a.combine === "logProduct" ? 1 : Math.max(1, Math.min(this.#plan.unroll, 4, room));
      if (a.combine === "logProduct") this.#exponents.set(a, this.#take("v128"));
      this.#accumulators.set(
        a,
        Array.from({ length: count }, () => this.#take("v128")),
      );
    }
    for (const a of accumulations) if (this.#isTotal(a)) this.#reset(a);
    for (const a of accumulations) if (this.#isColumn(a)) this.#openColumn(a);
  }

  /** The loops, over all rows or those of the chunk. */
  run(): void {
    const before = this.#taken.length;
    for (const access of this.#accesses) this.#declarePointer(access);
    // Outside of loops there is nothing to hoist from; values are computed where they are first used.
    if (this.#sizes.length > 0) this.#hoist(-1);
    this.#loop(0);
    this.#env.release(this.#taken.splice(before));
  }

  /** Stores the sums. */
  end(): void {
    for (const a of this.#nest.accumulations) if (this.#isTotal(a)) this.#finish(a, true);
    for (const a of this.#columns.keys()) this.#closeColumn(a);
    this.#env.release(this.#taken);
  }

  /** Summed over every loop: one number, kept in registers to the end. */
  #isTotal(a: Accumulation): boolean {
    return this.#strides(a.target).every((s) => s === 0);
  }
  /** Summed over all loops but an innermost that is short straight-line code, whose elements lie side by side. */
  #isColumn(a: Accumulation): boolean {
    const { turns, pairs, hasTail } = this.#plan;
    const isShort = turns <= 1 && pairs + (hasTail ? 1 : 0) <= 2;
    const outer = this.#strides(a.target).slice(0, this.#inner);
    if (!isShort || outer.length === 0 || outer.some((s) => s !== 0)) return false;
    return this.#isContiguous(a.target) && !a.target.index && !this.#env.register(a.target.buffer);
  }
  #openColumn(a: Accumulation): void {
    const { pairs, hasTail } = this.#plan;
    const locals = Array.from({ length: pairs + (hasTail ? 1 : 0) }, () => this.#take("v128"));
    for (const local of locals) this.#code.f64x2(identities[a.combine]).set(local);
    this.#columns.set(a, locals);
  }
  /** Combines a column with what is stored. */
  #closeColumn(a: Accumulation): void {
    const code = this.#code;
    this.#columns.get(a)!.forEach((local, i) => {
      this.#tail = i === this.#plan.pairs;
      this.#store(a.target, 2 * i, () => {
        code.load(this.#tail ? "v128.load64_zero" : "v128.load", this.#push(a.target, 2 * i)).get(local);
        code.op(vectorCombine[a.combine]);
      });
    });
    this.#tail = false;
  }
  #reset(a: Accumulation): void {
    const exponent = this.#exponents.get(a);
    if (exponent) this.#code.f64x2(0).set(exponent);
    for (const local of this.#accumulators.get(a)!) this.#code.f64x2(identities[a.combine]).set(local);
  }

  /** Adds the lanes of the accumulators up and stores the total, or combines it with what is stored. */
  #finish(a: Accumulation, isOnly: boolean): void {
    const code = this.#code;
    const sum = (locals: readonly Local[]): void => {
      if (locals.length === 1) code.get(locals[0]!);
      else {
        const half = locals.length >> 1;
        sum(locals.slice(0, half));
        sum(locals.slice(half));
        code.op(vectorCombine[a.combine]);
      }
    };
    const total = this.#take("v128");
    sum(this.#accumulators.get(a)!);
    code.set(total);
    const register = this.#env.register(a.target.buffer);
    if (register) {
      this.#finishInRegister(a, total, register);
      return;
    }
    const offset = this.#push(a.target, 0);
    if (!isOnly) code.load("f64.load", this.#push(a.target, 0));
    code.get(total).op("f64x2.extract_lane", 0).get(total).op("f64x2.extract_lane", 1).op(scalarCombine[a.combine]);
    if (!isOnly) code.op(scalarCombine[a.combine]);
    code.store("f64.store", offset);
    const exponent = this.#exponents.get(a);
    if (!exponent) return;
    code.i32(0).get(exponent).op("f64x2.extract_lane", 0).get(exponent).op("f64x2.extract_lane", 1).op("f64.add");
    code.store("f64.store", this.#base(a.target) + 8);
  }

  #finishInRegister(a: Accumulation, total: Local, register: Register): void {
    const code = this.#code;
    const swap = pairBytes(2);
    const put = (element: number, combine: Opcode): void => {
      code
        .get(total)
        .get(total)
        .get(total)
        .op("i8x16.shuffle", ...swap)
        .op(combine)
        .set(total);
      register.setElement(element, total, 0, true);
    };
    put(a.target.offset, vectorCombine[a.combine]);
    const exponent = this.#exponents.get(a);
    if (!exponent) return;
    code.get(exponent).set(total);
    put(a.target.offset + 1, "f64x2.add");
  }

  /**
   * Moves the exponents of products into their sums before they can overflow: factors are at most 4, and between two
   * calls there are no more of them than `productPairs`, or those of one turn.
   */
  #renormalise(): void {
    const code = this.#code;
    const { two52, bias, fraction, one } = bitLiterals;
    for (const [a, exponent] of this.#exponents) {
      const [product] = this.#accumulators.get(a) as [Local];
      code.get(product).i32(52).op("i64x2.shr_u");
      emitLiteral(two52, this.#laneEnvironment);
      code.op("v128.or");
      emitLiteral(bias, this.#laneEnvironment);
      code.op("f64x2.sub").get(exponent).op("f64x2.add").set(exponent);
      code.get(product);
      emitLiteral(fraction, this.#laneEnvironment);
      code.op("v128.and");
      emitLiteral(one, this.#laneEnvironment);
      code.op("v128.or").set(product);
    }
  }

  /** Computes what first changes in loop `level` and is used further in. */
  #hoist(level: number): void {
    const hasLoops = this.#sizes.length > 1 || this.#plan.turns > 1;
    for (const lane of this.#nest.algebra.lanes) {
      if (!this.#uses.has(lane) || this.#level(lane) !== level) continue;
      if (lane.op === "constant" && !hasLoops) continue;
      const local = this.#hoisted.get(lane) ?? this.#take("v128");
      this.#compute(lane, 0);
      this.#code.set(local);
      this.#hoisted.set(lane, local);
    }
  }

  #loop(d: number): void {
    if (d >= this.#inner) {
      this.#innerLoop();
      return;
    }
    const code = this.#code;
    if (this.#sizes[d] === 1) {
      this.#hoist(d);
      this.#loop(d + 1);
      return;
    }
    const counter = this.#take("i32");
    pushTimes(
      this.#code,
      this.#chunk,
      this.#sizes[d]!,
      d === 0 && this.#isUneven ? this.#turnsOfLast : this.#sizes[d]!,
    );
    code.set(counter);
    code.loop(() => {
      this.#hoist(d);
      this.#loop(d + 1);
      this.#advance((strides) => strides[d]!);
      code.get(counter).i32(1).op("i32.sub").tee(counter).brIf(0);
    });
    if (d > 0) this.#advance((strides) => -strides[d]! * this.#sizes[d]!);
  }

  /** A pointer that begins the innermost loop at nothing, and so can count its turns. */
  #innerPointer(): Pointer | undefined {
    return [...this.#pointers.values()].find(
      ({ base, strides, rowStride }) =>
        base === 0 &&
        rowStride === 0 &&
        strides.every((s, d) => (d === this.#inner ? s > 0 : s === 0 || this.#sizes[d] === 1)),
    );
  }
  /** Whether the last chunk has fewer rows than the others. */
  get #isUneven(): boolean {
    return this.#chunk !== undefined && this.#chunk.lastRows !== this.#chunk.strip.chunk;
  }
  /** Turns of the outermost loop in the last chunk. */
  get #turnsOfLast(): number {
    const { strip, lastRows } = this.#chunk!;
    return (this.#sizes[0]! / strip.chunk) * lastRows;
  }
  #advance(elements: (strides: readonly number[]) => number): void {
    for (const { local, strides } of this.#pointers.values()) {
      const step = elements(strides) * 8;
      if (step !== 0) this.#code.get(local).i32(step).op("i32.add").set(local);
    }
  }

  #innerLoop(): void {
    const { unroll, turns, pairs, hasTail } = this.#plan;
    const { accumulations } = this.#nest;
    const partial = accumulations.filter((a) => this.#accumulators.has(a) && !this.#isTotal(a));
    for (const a of partial) this.#reset(a);
    const code = this.#code;
    const perTurn = Math.max(unroll, 1);
    const last = this.#inner === 0 && this.#isUneven ? this.#turnsOfLast : 2 * pairs + Number(hasTail);
    const lastTurns = turns > 1 ? Math.floor((last >> 1) / perTurn) : turns;
    if (turns > 1) {
      const counter = this.#innerPointer();
      const step = (counter?.strides[this.#inner] ?? 0) * 16 * unroll;
      const rest = counter && turns === lastTurns ? undefined : this.#take("i32");
      const loop = (): void => {
        if (rest) {
          pushTimes(this.#code, this.#chunk, counter ? turns * step : turns, counter ? lastTurns * step : lastTurns);
          code.set(rest);
        }
        code.loop(() => {
          const chains = Array.from({ length: unroll }, (_, u) => this.#chains(2 * u));
          for (let u = 0; u < unroll; u++) this.#body(2 * u, u, chains[u]);
          if (pairs > productPairs) this.#renormalise();
          this.#advance((strides) => strides[this.#inner]! * 2 * unroll);
          if (counter) {
            code.get(counter.local);
            if (rest) code.get(rest);
            else code.i32(turns * step);
            code.op("i32.lt_s").brIf(0);
          } else code.get(rest!).i32(1).op("i32.sub").tee(rest!).brIf(0);
        });
      };
      if (lastTurns > 0) loop();
      else code.get(this.#chunk!.isLast).op("i32.eqz").if(loop);
    }
    const leftOver = (elements: number, done: number): void => {
      const left = elements - 2 * perTurn * done;
      for (let p = 0; p < left >> 1; p++) this.#body(2 * p, p);
      if (left % 2 === 0) return;
      this.#tail = true;
      this.#body(left - 1, 0);
      this.#tail = false;
    };
    const done = turns > 1 ? turns : 0;
    const whole = 2 * pairs + Number(hasTail);
    if (last === whole) leftOver(whole, done);
    else
      code.get(this.#chunk!.isLast).if(
        () => leftOver(last, turns > 1 ? lastTurns : 0),
        () => leftOver(whole, done),
      );
    this.#renormalise();
    if (this.#inner > 0 && turns > 1) this.#advance((strides) => -strides[this.#inner]! * 2 * turns * unroll);
    for (const a of partial) this.#finish(a, false);
  }

  /** The values behind what is stored or added up, before anything is: so those of several pairs are computed side by side. */
  #chains(position: number): Map<Lane, Local> {
    this.#current = new Map();
    const { stores, accumulations, scatters } = this.#nest;
    for (const { value } of this.#plan.unroll > 1 ? [...stores, ...accumulations, ...scatters] : []) {
      const lane = this.#stem(value);
      if (lane.args.length === 0 || this.#hoisted.has(lane) || this.#current.has(lane)) continue;
      const local = this.#take("v128");
      this.#compute(lane, position);
      this.#code.set(local);
      this.#current.set(lane, local);
    }
    return this.#current;
  }
  /** What a value is beside a last product or sum with something at hand. */
  #stem(lane: Lane): Lane {
    const open = lane.args.filter((x) => x.args.length > 0 && !this.#hoisted.has(x));
    return ["add", "sub", "mul", "bitXor"].includes(lane.op) && open.length === 1 ? this.#stem(open[0]!) : lane;
  }

  /** One pair (or the odd last element): everything that changes in the innermost loop, then the stores. */
  #body(position: number, turn: number, known: Map<Lane, Local> = new Map()): void {
    this.#current = known;
    const before = this.#taken.length;
    for (const store of this.#nest.stores)
      this.#store(store.target, position, () => this.#number(store.value, position));
    for (const a of this.#nest.accumulations) this.#accumulate(a, position, turn);
    for (const scatter of this.#nest.scatters) this.#scatter(scatter.target, scatter.value, position);
    this.#env.release(this.#taken.splice(before));
  }

  #value(lane: Lane, position: number): void {
    const known = this.#hoisted.get(lane) ?? this.#current.get(lane);
    if (known) {
      this.#code.get(known);
      return;
    }
    this.#compute(lane, position);
    if (this.#uses.get(lane)! > 1 && lane.op !== "constant") {
      const local = this.#take("v128");
      this.#code.tee(local);
      this.#current.set(lane, local);
    }
  }
  /** A value as numbers: masks become 0 and 1. */
  #number(lane: Lane, position: number): void {
    this.#value(lane, position);
    if (isMask(lane)) this.#code.f64x2(1).op("v128.and");
  }

  #compute(lane: Lane, position: number): void {
    const rest = lane.op === "add" ? this.#withoutZero(lane, position) : undefined;
    if (lane.op === "load") this.#load(lane, position);
    else if (rest) this.#value(rest, position);
    else emitOperation(lane, (arg) => this.#value(arg, position), this.#laneEnvironment);
  }

  /** The other operand of a sum, where the weights of one of its terms are zeros. */
  #withoutZero({ args }: Lane, position: number): Lane | undefined {
    const zero = args.findIndex((term) => this.#weighsNothing(term, position));
    return zero < 0 ? undefined : args[1 - zero];
  }
  #weighsNothing(term: Lane, position: number): boolean {
    if (term.op === "add") return term.args.every((t) => this.#weighsNothing(t, position));
    if (term.op !== "weigh" || this.#sizes.length > 1 || this.#plan.turns > 1 || this.#chunk) return false;
    const { access } = term.args[0]!;
    const data = access && this.#env.data(access.buffer);
    const isZero = (at: number): boolean => data?.[this.#element(access!, at)] === 0;
    return isZero(position) && (this.#tail || isZero(position + 1));
  }

  #load(lane: Lane, position: number): void {
    const code = this.#code;
    const access = lane.access!;
    const register = this.#env.register(access.buffer);
    const isSplat = this.#level(lane) < this.#inner || this.#sizes.length === 0;
    if (register) {
      const first = this.#element(access, position);
      if (isSplat) register.splat(access.offset);
      else if (this.#tail) register.single(first);
      else register.pair(first, this.#element(access, position + 1));
      return;
    }
    if (isSplat) {
      code.load("v128.load64_splat", this.#push(access, 0));
      return;
    }
    if (this.#tail) code.load("v128.load64_zero", this.#push(access, position));
    else if (this.#isContiguous(access)) code.load("v128.load", this.#push(access, position));
    else {
      const second = this.#push(access, position + 1);
      code.load("v128.load64_zero", this.#push(access, position)).op("v128.load64_lane", second, 3, 1);
    }
  }
  /** Which element of a buffer in registers. */
  #element(access: Access, position: number): number {
    return access.offset + this.#innerStride(access) * position;
  }
  #isContiguous(access: Access): boolean {
    return this.#innerStride(access) === 1 && (!access.index || this.#innerStride(access.index) === 0);
  }

  #store(access: Access, position: number, value: () => void): void {
    const code = this.#code;
    const register = this.#env.register(access.buffer);
    if (register) {
      value();
      this.#setRegister(register, access, position);
    } else if (this.#tail || this.#sizes.length === 0) {
      const offset = this.#push(access, position);
      value();
      code.op("v128.store64_lane", offset, 3, 0);
    } else if (this.#isContiguous(access)) {
      const offset = this.#push(access, position);
      value();
      code.store("v128.store", offset);
    } else {
      const held = this.#take("v128");
      value();
      code.set(held);
      for (const lane of [0, 1]) {
        const offset = this.#push(access, position + lane);
        code.get(held).op("v128.store64_lane", offset, 3, lane);
      }
    }
  }

  /** Takes a value from the stack. */
  #setRegister(register: Register, access: Access, position: number): void {
    const element = this.#element(access, position);
    const isScalar = this.#sizes.length === 0;
    if (!this.#tail && !isScalar && this.#innerStride(access) === 1 && element % 2 === 0) {
      register.setPair(element);
      return;
    }
    const held = this.#take("v128");
    this.#code.set(held);
    register.setElement(element, held, 0, isScalar);
    if (!this.#tail && !isScalar) register.setElement(this.#element(access, position + 1), held, 1, false);
  }

  #accumulate(a: Accumulation, position: number, turn: number): void {
    const code = this.#code;
    const locals = this.#accumulators.get(a);
    if (locals) {
      const local = locals[turn % locals.length]!;
      code.get(local);
      this.#number(a.value, position);
      // The lane that is not in use must not count.
      if (this.#tail) code.f64(identities[a.combine]).op("f64x2.replace_lane", 1);
      code.op(vectorCombine[a.combine]).set(local);
      return;
    }
    const column = this.#columns.get(a)?.[position >> 1];
    if (column) {
      code.get(column);
      this.#number(a.value, position);
      code.op(vectorCombine[a.combine]).set(column);
      return;
    }
    if (this.#tail || this.#isContiguous(a.target)) {
      this.#store(a.target, position, () => {
        const offset = this.#push(a.target, position);
        code.load(this.#tail ? "v128.load64_zero" : "v128.load", offset);
        this.#number(a.value, position);
        code.op(vectorCombine[a.combine]);
      });
      return;
    }
    this.#eachLane(a.value, position, (held, lane) => {
      const offset = this.#push(a.target, position + lane);
      code.load("f64.load", this.#push(a.target, position + lane));
      code.get(held).op("f64x2.extract_lane", lane).op(scalarCombine[a.combine]).store("f64.store", offset);
    });
  }

  #scatter(target: Access, value: Lane, position: number): void {
    const code = this.#code;
    const address = this.#take("i32");
    this.#eachLane(value, position, (held, lane) => {
      const offset = this.#push(target, position + lane);
      code.tee(address).get(address).load("f64.load", offset);
      code.get(held).op("f64x2.extract_lane", lane).op("f64.add").store("f64.store", offset);
    });
  }
  #eachLane(value: Lane, position: number, visit: (held: Local, lane: number) => void): void {
    const held = this.#take("v128");
    this.#number(value, position);
    this.#code.set(held);
    const lanes = this.#tail || this.#sizes.length === 0 ? [0] : [0, 1];
    for (const lane of lanes) visit(held, lane);
  }
}
