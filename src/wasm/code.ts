/** The instructions of one WebAssembly function. */
import { joinBytes, pushSigned, pushSigned64, pushUnsigned } from "./leb128.ts";
import { immediatesOf, naturalAlignment, OPCODES, type Opcode } from "./opcodes.ts";

/** Types of values on WebAssembly's stack. */
export type ValueType = "i32" | "i64" | "f64" | "f32" | "v128";

/** A parameter or local variable of one function, made by {@link Code.local}. */
export interface Local {
  /** Order of declaration; the encoding groups locals by type and may number them differently. */
  readonly index: number;
  readonly type: ValueType;
}

/** A function of a module; callable before its body is defined. */
export interface FunctionRef {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Encodings of the value types; also the order in which locals are grouped. */
export const VALUE_TYPES: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f64: 0x7c,
  f32: 0x7d,
  v128: 0x7b,
};
const NO_RESULT = 0x40;

const scratch = new DataView(new ArrayBuffer(8));

/** A reference whose number is known only when the function or the module is complete. */
type Fixup = { readonly at: number; readonly target: Local | FunctionRef };

/** The body of one function, in stack order: operands first, then the instruction. Methods return `this`. */
export class Code {
  readonly params: readonly Local[];
  readonly #locals: Local[];
  readonly #names: Map<number, string> = new Map();
  readonly #bytes: number[] = [];
  readonly #fixups: Fixup[] = [];

  constructor(params: readonly ValueType[], names: readonly string[] = []) {
    this.params = params.map((type, index) => ({ index, type }));
    this.#locals = [...this.params];
    names.forEach((name, i) => {
      this.#names.set(i, name);
    });
  }

  /** Declare a local variable, zero at entry. The name appears in disassembly and debuggers. */
  local(type: ValueType, name?: string): Local {
    const local = { index: this.#locals.length, type };
    this.#locals.push(local);
    if (name !== undefined) this.#names.set(local.index, name);
    return local;
  }

  get(l: Local): this {
    return this.#variable(OPCODES["local.get"], l);
  }

  set(l: Local): this {
    return this.#variable(OPCODES["local.set"], l);
  }

  tee(l: Local): this {
    return this.#variable(OPCODES["local.tee"], l);
  }

  /** `i32.const`; `x` is taken modulo 2^32. */
  i32(x: number): this {
    this.#bytes.push(OPCODES["i32.const"]);
    pushSigned(this.#bytes, x);
    return this;
  }

  /** `i64.const`; `x` is taken modulo 2^64. */
  i64(x: bigint): this {
    this.#bytes.push(OPCODES["i64.const"]);
    pushSigned64(this.#bytes, x);
    return this;
  }

  /** `f64.const`. */
  f64(x: number): this {
    this.#bytes.push(OPCODES["f64.const"]);
    this.#double(x);
    return this;
  }

  /** `v128.const` with `x` in both lanes. */
  f64x2(x: number): this {
    this.#opcode(OPCODES["v128.const"]);
    this.#double(x);
    this.#double(x);
    return this;
  }

  /** `v128.const` from 16 bytes, lane 0 first. */
  v128(bytes: Uint8Array): this {
    if (bytes.length !== 16) throw new RangeError(`v128 needs 16 bytes; got ${bytes.length}.`);
    this.#opcode(OPCODES["v128.const"]);
    this.#bytes.push(...bytes);
    return this;
  }

  /**
   * Any other instruction, by name or by encoding, with its immediates as numbers. Memory instructions take `(offset, log2 alignment)` and
   * then the lane, if any; `i8x16.shuffle` takes 16 lanes; `local.*` take the order of declaration.
   * Constants and structured control have methods of their own.
   *
   * @throws RangeError when the number of immediates is wrong.
   */
  op(name: Opcode | number, ...immediates: number[]): this {
    const encoding = typeof name === "number" ? name : OPCODES[name];
    const kind = immediatesOf(encoding);
    const expected = IMMEDIATE_COUNT[kind];
    if (expected === undefined) throw new RangeError(`Emit ${name} through its own method of Code, not through op().`);
    if (immediates.length !== expected) {
      throw new RangeError(
        `${name} takes ${expected} immediates; got ${immediates.length} (${immediates.join(", ")}).`,
      );
    }
    const first = immediates[0] ?? 0;
    if (encoding >= OPCODES["local.get"] && encoding <= OPCODES["local.tee"])
      return this.#variable(encoding, this.#locals[first] ?? { index: first, type: "i32" });
    this.#opcode(encoding);
    if (kind === "none") return this;
    if (kind === "index") pushUnsigned(this.#bytes, first);
    else if (kind === "memory" || kind === "memoryLane") {
      pushUnsigned(this.#bytes, immediates[1]!);
      pushUnsigned(this.#bytes, first);
      if (kind === "memoryLane") this.#bytes.push(immediates[2]!);
    } else if (kind === "zero") this.#bytes.push(0);
    else if (kind === "zeros") this.#bytes.push(0, 0);
    else this.#bytes.push(...immediates);
    return this;
  }

  /** A load at a constant offset from the address on the stack, with natural alignment as the hint. */
  load(name: Opcode, offset: number): this {
    return this.op(name, offset, naturalAlignment(name));
  }

  /** A store at a constant offset from the address below the value, with natural alignment as the hint. */
  store(name: Opcode, offset: number): this {
    return this.op(name, offset, naturalAlignment(name));
  }

  /** `block … end`: a branch to its label leaves it. */
  block(body: () => void): this {
    return this.#structured(OPCODES.block, body);
  }

  /** `loop … end`: a branch to its label starts it again. */
  loop(body: () => void): this {
    return this.#structured(OPCODES.loop, body);
  }

  /** Consumes an i32 and runs `then` when it is not zero, else `otherwise`. */
  if(then: () => void, otherwise?: () => void): this {
    return this.#structured(OPCODES.if, () => {
      then();
      if (otherwise) {
        this.#bytes.push(OPCODES.else);
        otherwise();
      }
    });
  }

  br(depth: number): this {
    return this.op("br", depth);
  }

  brIf(depth: number): this {
    return this.op("br_if", depth);
  }

  call(f: FunctionRef): this {
    this.#bytes.push(OPCODES.call);
    return this.#reference(f);
  }

  return(): this {
    return this.op("return");
  }

  /**
   * `while (counter < limit) { body; counter += step }` for signed i32, tested once per turn. The counter keeps the value
   * it has on entry. Inside, label 0 is the loop (next turn without the step) and label 1 leaves it.
   */
  countedLoop(counter: Local, limit: Local | number, step: number, body: () => void): this {
    const more = () => {
      if (typeof limit === "number") this.i32(limit);
      else this.get(limit);
      this.op("i32.lt_s");
    };
    this.get(counter);
    more();
    return this.if(() => {
      this.loop(() => {
        body();
        this.get(counter).i32(step).op("i32.add").tee(counter);
        more();
        this.brIf(0);
      });
    });
  }

  /** Bytes of instructions emitted so far (references count as one byte). */
  get size(): number {
    return this.#bytes.length;
  }

  /** Encoded locals and instructions, without the length in front. */
  finish(functionIndex: (f: FunctionRef) => number): { bytes: Uint8Array; names: [number, string][] } {
    const head: number[] = [];
    const order = this.#locals.map((_, i) => i);
    const own = order.slice(this.params.length);
    const groups = (Object.keys(VALUE_TYPES) as ValueType[])
      .map((type) => ({ type, members: own.filter((i) => this.#locals[i]!.type === type) }))
      .filter((group) => group.members.length > 0);
    let next = this.params.length;
    pushUnsigned(head, groups.length);
    for (const { type, members } of groups) {
      pushUnsigned(head, members.length);
      head.push(VALUE_TYPES[type]);
      for (const i of members) order[i] = next++;
    }
    const body = Uint8Array.from(this.#bytes);
    const pieces: (number[] | Uint8Array)[] = [head];
    let from = 0;
    for (const { at, target } of this.#fixups) {
      const number = "index" in target ? order[target.index]! : functionIndex(target);
      // Most take the one byte that was left for them; around the others the body is cut.
      if (number < 0x80) {
        body[at] = number;
        continue;
      }
      const long: number[] = [];
      pushUnsigned(long, number);
      pieces.push(body.subarray(from, at), long);
      from = at + 1;
    }
    pieces.push(body.subarray(from), [OPCODES.end]);
    const names = [...this.#names].map(([i, name]): [number, string] => [order[i]!, name]);
    return { bytes: joinBytes(pieces), names: names.sort((a, b) => a[0] - b[0]) };
  }

  #variable(encoding: number, l: Local): this {
    if (this.#locals[l.index] !== l) {
      throw new RangeError(
        `Local ${l.index} (${l.type}) does not belong to this function, which has ${this.#locals.length}.`,
      );
    }
    this.#bytes.push(encoding);
    return this.#reference(l);
  }

  #reference(target: Local | FunctionRef): this {
    this.#fixups.push({ at: this.#bytes.length, target });
    this.#bytes.push(0);
    return this;
  }

  #structured(encoding: number, body: () => void): this {
    this.#bytes.push(encoding, NO_RESULT);
    body();
    this.#bytes.push(OPCODES.end);
    return this;
  }

  #opcode(encoding: number): void {
    if (encoding < 0x1000) {
      this.#bytes.push(encoding);
      return;
    }
    this.#bytes.push(encoding >> 12);
    pushUnsigned(this.#bytes, encoding & 0xfff);
  }

  #double(x: number): void {
    scratch.setFloat64(0, x, true);
    for (let i = 0; i < 8; i++) this.#bytes.push(scratch.getUint8(i));
  }
}

/** Immediates that `op` accepts; kinds left out have their own methods. */
const IMMEDIATE_COUNT: Readonly<Partial<Record<ReturnType<typeof immediatesOf>, number>>> = {
  none: 0,
  index: 1,
  memory: 2,
  memoryLane: 3,
  lane: 1,
  bytes16: 16,
  zero: 0,
  zeros: 0,
};
