/** The body of a nest for one pair of elements: its values, what is stored of them, and what is added where. */
import type { Local } from "../wasm/assembler.ts";
import type { Access, Lane } from "./lanes.ts";
import type { NestAddresses } from "./nestAddresses.ts";
import type { Instance, NestFrame } from "./nestFrame.ts";
import { type NestSums, scalarCombine, vectorCombine } from "./nestSums.ts";
import type { NestValues } from "./nestValues.ts";
import type { Register } from "./registers.ts";
import type { Accumulation, Scatter } from "./steps.ts";

export class NestBody {
  readonly #frame: NestFrame;
  readonly #addresses: NestAddresses;
  readonly #values: NestValues;
  readonly #sums: NestSums;
  /** Without loops there is one lane. */
  readonly #isScalar: boolean;

  constructor(frame: NestFrame, addresses: NestAddresses, values: NestValues, sums: NestSums) {
    this.#frame = frame;
    this.#addresses = addresses;
    this.#values = values;
    this.#sums = sums;
    this.#isScalar = frame.plan.sizes.length === 0;
  }

  /** @param turn - number of the instance, by which sums choose an accumulator */
  emit(at: Instance, turn: number): void {
    const { nest, scope } = this.#frame;
    scope(() => {
      for (const { target, value } of nest.stores) this.#store(target, at, () => this.#values.pushNumber(value, at));
      for (const a of nest.accumulations) this.#accumulate(a, at, turn);
      for (const scatter of nest.scatters) this.#scatter(scatter, at);
    });
  }

  #store(access: Access, at: Instance, pushValue: () => void): void {
    const { code, take } = this.#frame;
    const register = this.#frame.register(access.buffer);
    if (register) {
      pushValue();
      this.#setRegister(register, access, at);
    } else if (at.isTail || this.#isScalar) {
      const offset = this.#addresses.push(access, at.position);
      pushValue();
      code.op("v128.store64_lane", offset, 3, 0);
    } else if (this.#addresses.isContiguous(access)) {
      const offset = this.#addresses.push(access, at.position);
      pushValue();
      code.store("v128.store", offset);
    } else {
      const held = take("v128");
      pushValue();
      code.set(held);
      for (const lane of [0, 1]) {
        const offset = this.#addresses.push(access, at.position + lane);
        code.get(held).op("v128.store64_lane", offset, 3, lane);
      }
    }
  }
  /** Takes a value from the stack. */
  #setRegister(register: Register, access: Access, { position, isTail }: Instance): void {
    const element = this.#addresses.element(access, position);
    const isPair = !isTail && !this.#isScalar;
    if (isPair && this.#addresses.innerStride(access) === 1 && element % 2 === 0) {
      register.setPair(element);
      return;
    }
    const held = this.#frame.take("v128");
    this.#frame.code.set(held);
    register.setElement(element, held, 0, this.#isScalar);
    if (isPair) register.setElement(this.#addresses.element(access, position + 1), held, 1, false);
  }

  /** Adds to a sum in registers or in memory. */
  #accumulate(a: Accumulation, at: Instance, turn: number): void {
    const { code } = this.#frame;
    const { target, value, combine } = a;
    const pushValue = (): void => this.#values.pushNumber(value, at);
    if (this.#sums.add(a, at, turn, pushValue)) return;
    if (at.isTail || this.#addresses.isContiguous(target)) {
      this.#store(target, at, () => {
        code.load(at.isTail ? "v128.load64_zero" : "v128.load", this.#addresses.push(target, at.position));
        pushValue();
        code.op(vectorCombine[combine]);
      });
      return;
    }
    this.#eachLane(value, at, (held, lane) => {
      const offset = this.#addresses.push(target, at.position + lane);
      code.load("f64.load", this.#addresses.push(target, at.position + lane));
      code.get(held).op("f64x2.extract_lane", lane).op(scalarCombine[combine]).store("f64.store", offset);
    });
  }

  #scatter({ target, value }: Scatter, at: Instance): void {
    const { code, take } = this.#frame;
    const address = take("i32");
    this.#eachLane(value, at, (held, lane) => {
      const offset = this.#addresses.push(target, at.position + lane);
      code.tee(address).get(address).load("f64.load", offset);
      code.get(held).op("f64x2.extract_lane", lane).op("f64.add").store("f64.store", offset);
    });
  }
  #eachLane(value: Lane, at: Instance, visit: (held: Local, lane: number) => void): void {
    const held = this.#frame.take("v128");
    this.#values.pushNumber(value, at);
    this.#frame.code.set(held);
    const lanes = at.isTail || this.#isScalar ? [0] : [0, 1];
    for (const lane of lanes) visit(held, lane);
  }
}
