/**
 * What a nest adds up in registers: totals over all loops, partial sums over the innermost one, and columns, which are sums
 * over all loops but a short innermost one. Products that become logarithms carry their exponents along.
 */
import type { Local } from "../wasm/assembler.ts";
import type { Opcode } from "../wasm/opcodes.ts";
import { bitLiterals, emitLiteral, pairBytes } from "./emitLane.ts";
import { type Combine, identities } from "./graph.ts";
import type { NestAddresses } from "./nestAddresses.ts";
import type { Instance, NestFrame } from "./nestFrame.ts";
import type { Register } from "./registers.ts";
import type { Accumulation } from "./steps.ts";

export const vectorCombine: Readonly<Record<Combine, Opcode>> = {
  logProduct: "f64x2.mul",
  sum: "f64x2.add",
  prod: "f64x2.mul",
  max: "f64x2.max",
  min: "f64x2.min",
};
export const scalarCombine: Readonly<Record<Combine, Opcode>> = {
  logProduct: "f64.mul",
  sum: "f64.add",
  prod: "f64.mul",
  max: "f64.max",
  min: "f64.min",
};

/** Registers for sums in long loops: half of those there are. */
const accumulatorLimit = 8;

/** Pairs of factors of at most 4 whose products cannot overflow. */
const productPairs = 400;

export class NestSums {
  readonly #frame: NestFrame;
  readonly #addresses: NestAddresses;
  /** Independent accumulators of totals and partial sums, to which turns add in rotation. */
  readonly #accumulators: Map<Accumulation, Local[]> = new Map();
  /** The elements of columns, pair by pair. */
  readonly #columns: Map<Accumulation, Local[]> = new Map();
  /** Exponents that go with the accumulators of products. */
  readonly #exponents: Map<Accumulation, Local> = new Map();

  constructor(frame: NestFrame, addresses: NestAddresses) {
    this.#frame = frame;
    this.#addresses = addresses;
  }

  /** Takes registers; totals and columns begin at nothing. */
  open(): void {
    const { nest, plan, take } = this.#frame;
    const { turns, unroll } = plan.inner;
    const sums = nest.accumulations.filter((a) => this.#addresses.innerStride(a.target) === 0);
    const room = turns > 1 ? Math.floor(accumulatorLimit / sums.length) : 4;
    for (const a of sums) {
      const count = a.combine === "logProduct" ? 1 : Math.max(1, Math.min(unroll, 4, room));
      if (a.combine === "logProduct") this.#exponents.set(a, take("v128"));
      this.#accumulators.set(
        a,
        Array.from({ length: count }, () => take("v128")),
      );
    }
    for (const a of nest.accumulations) if (this.#isTotal(a)) this.#reset(a);
    for (const a of nest.accumulations) if (this.#isColumn(a)) this.#openColumn(a);
  }
  /** Partial sums begin at nothing, before the innermost loop. */
  openPartial(): void {
    for (const a of this.#partial()) this.#reset(a);
  }
  /** Combines partial sums with what is stored, after the innermost loop. */
  closePartial(): void {
    for (const a of this.#partial()) this.#store(a, false);
  }
  /** Stores totals and columns. */
  close(): void {
    for (const a of this.#frame.nest.accumulations) if (this.#isTotal(a)) this.#store(a, true);
    for (const [a, locals] of this.#columns) this.#closeColumn(a, locals);
  }

  /** Adds a value to a sum in registers; gives false when the sum is not in registers. */
  add(a: Accumulation, { position, isTail }: Instance, turn: number, pushValue: () => void): boolean {
    const { code } = this.#frame;
    const accumulators = this.#accumulators.get(a);
    const local = accumulators ? accumulators[turn % accumulators.length] : this.#columns.get(a)?.[position >> 1];
    if (!local) return false;
    code.get(local);
    pushValue();
    // The lane that is not in use must not count.
    if (isTail && accumulators) code.f64(identities[a.combine]).op("f64x2.replace_lane", 1);
    code.op(vectorCombine[a.combine]).set(local);
    return true;
  }

  /** Summed over every loop: one number, kept in registers to the end. */
  #isTotal(a: Accumulation): boolean {
    return this.#addresses.strides(a.target).every((s) => s === 0);
  }
  #partial(): Accumulation[] {
    return [...this.#accumulators.keys()].filter((a) => !this.#isTotal(a));
  }
  #reset(a: Accumulation): void {
    const { code } = this.#frame;
    const exponent = this.#exponents.get(a);
    if (exponent) code.f64x2(0).set(exponent);
    for (const local of this.#accumulators.get(a)!) code.f64x2(identities[a.combine]).set(local);
  }

  /** Adds the lanes of the accumulators up and stores the total, or combines it with what is stored. */
  #store(a: Accumulation, isOnly: boolean): void {
    const { code, take } = this.#frame;
    const scalar = scalarCombine[a.combine];
    const total = take("v128");
    this.#pushSum(this.#accumulators.get(a)!, vectorCombine[a.combine]);
    code.set(total);
    const register = this.#frame.register(a.target.buffer);
    if (register) {
      this.#storeInRegister(a, total, register);
      return;
    }
    const offset = this.#addresses.push(a.target, 0);
    if (!isOnly) code.load("f64.load", this.#addresses.push(a.target, 0));
    code.get(total).op("f64x2.extract_lane", 0).get(total).op("f64x2.extract_lane", 1).op(scalar);
    if (!isOnly) code.op(scalar);
    code.store("f64.store", offset);
    const exponent = this.#exponents.get(a);
    if (!exponent) return;
    code.i32(0).get(exponent).op("f64x2.extract_lane", 0).get(exponent).op("f64x2.extract_lane", 1).op("f64.add");
    code.store("f64.store", this.#addresses.base(a.target) + 8);
  }
  /** Pushes the sum of some accumulators, added as a balanced tree. */
  #pushSum(locals: readonly Local[], combine: Opcode): void {
    const { code } = this.#frame;
    if (locals.length === 1) {
      code.get(locals[0]!);
      return;
    }
    const half = locals.length >> 1;
    this.#pushSum(locals.slice(0, half), combine);
    this.#pushSum(locals.slice(half), combine);
    code.op(combine);
  }
  #storeInRegister(a: Accumulation, total: Local, register: Register): void {
    const { code } = this.#frame;
    const put = (element: number, combine: Opcode): void => {
      code
        .get(total)
        .get(total)
        .get(total)
        .op("i8x16.shuffle", ...pairBytes(2))
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

  /** Summed over all loops but an innermost that is short straight-line code, whose elements lie side by side. */
  #isColumn({ target }: Accumulation): boolean {
    const { inner, innermost } = this.#frame.plan;
    const isShort = inner.turns <= 1 && inner.pairs + (inner.hasTail ? 1 : 0) <= 2;
    const outer = this.#addresses.strides(target).slice(0, innermost);
    if (!isShort || outer.length === 0 || outer.some((s) => s !== 0)) return false;
    return this.#addresses.isContiguous(target) && !target.index && !this.#frame.register(target.buffer);
  }
  #openColumn(a: Accumulation): void {
    const { code, plan, take } = this.#frame;
    const { pairs, hasTail } = plan.inner;
    const locals = Array.from({ length: pairs + (hasTail ? 1 : 0) }, () => take("v128"));
    for (const local of locals) code.f64x2(identities[a.combine]).set(local);
    this.#columns.set(a, locals);
  }
  /** Combines a column with what is stored. */
  #closeColumn({ target, combine }: Accumulation, locals: readonly Local[]): void {
    const { code, plan } = this.#frame;
    locals.forEach((local, i) => {
      const isTail = i === plan.inner.pairs;
      const offset = this.#addresses.push(target, 2 * i);
      code.load(isTail ? "v128.load64_zero" : "v128.load", this.#addresses.push(target, 2 * i)).get(local);
      code.op(vectorCombine[combine]);
      if (isTail) code.op("v128.store64_lane", offset, 3, 0);
      else code.store("v128.store", offset);
    });
  }

  /** Called in every turn of the innermost loop: long products are kept from overflowing. */
  renormaliseLong(): void {
    if (this.#frame.plan.inner.pairs > productPairs) this.renormalise();
  }
  /**
   * Moves the exponents of products into their sums before they can overflow: factors are at most 4, and between two
   * calls there are no more of them than `productPairs`, or those of one turn.
   */
  renormalise(): void {
    const { code } = this.#frame;
    const { two52, bias, fraction, one } = bitLiterals;
    for (const [a, exponent] of this.#exponents) {
      const [product] = this.#accumulators.get(a) as [Local];
      code.get(product).i32(52).op("i64x2.shr_u");
      emitLiteral(two52, this.#frame);
      code.op("v128.or");
      emitLiteral(bias, this.#frame);
      code.op("f64x2.sub").get(exponent).op("f64x2.add").set(exponent);
      code.get(product);
      emitLiteral(fraction, this.#frame);
      code.op("v128.and");
      emitLiteral(one, this.#frame);
      code.op("v128.or").set(product);
    }
  }
}
