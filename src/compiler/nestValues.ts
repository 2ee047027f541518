/** The values of a nest: each is computed in the loop in which it first changes, and held in a local where it is used again. */
import type { Local } from "../wasm/assembler.ts";
import { emitOperation } from "./emitLane.ts";
import { isMask, type Lane } from "./lanes.ts";
import type { NestAddresses } from "./nestAddresses.ts";
import type { Instance, NestFrame } from "./nestFrame.ts";

const endings: ReadonlySet<string> = new Set(["add", "sub", "mul", "bitXor"]);

export class NestValues {
  readonly #frame: NestFrame;
  readonly #addresses: NestAddresses;
  readonly #hoisted: Map<Lane, Local> = new Map();

  constructor(frame: NestFrame, addresses: NestAddresses) {
    this.#frame = frame;
    this.#addresses = addresses;
  }

  /** Loop after collapsing in which a value changes; −1: none. */
  #level(lane: Lane): number {
    return lane.level < 0 ? -1 : this.#frame.plan.group[lane.level]!;
  }

  /** Computes what first changes in loop `level` and is used further in. */
  hoist(level: number): void {
    const { code, nest, plan, take } = this.#frame;
    const hasLoops = plan.sizes.length > 1 || plan.inner.turns > 1;
    for (const lane of nest.algebra.lanes) {
      if (!plan.uses.has(lane) || this.#level(lane) !== level) continue;
      if (lane.op === "constant" && !hasLoops) continue;
      const local = take("v128");
      this.#compute(lane, { position: 0, isTail: false, known: new Map() });
      code.set(local);
      this.#hoisted.set(lane, local);
    }
  }

  /**
   * An instance of the body at a pair of elements. In an unrolled body, the values behind what is stored or added up are computed
   * at once, so that those of several pairs stand side by side.
   */
  begin(position: number): Instance {
    const { code, nest, plan, take } = this.#frame;
    const at: Instance = { position, isTail: false, known: new Map() };
    for (const { value } of plan.inner.unroll > 1 ? [...nest.stores, ...nest.accumulations, ...nest.scatters] : []) {
      const lane = this.#stem(value);
      if (lane.args.length === 0 || this.#hoisted.has(lane) || at.known.has(lane)) continue;
      const local = take("v128");
      this.#compute(lane, at);
      code.set(local);
      at.known.set(lane, local);
    }
    return at;
  }
  /** What a value is beside a last product or sum with something at hand. */
  #stem(lane: Lane): Lane {
    const open = lane.args.filter((x) => x.args.length > 0 && !this.#hoisted.has(x));
    return endings.has(lane.op) && open.length === 1 ? this.#stem(open[0]!) : lane;
  }

  /** Pushes a value as numbers: masks become 0 and 1. */
  pushNumber(lane: Lane, at: Instance): void {
    this.#push(lane, at);
    if (isMask(lane)) this.#frame.code.f64x2(1).op("v128.and");
  }
  #push(lane: Lane, at: Instance): void {
    const { code, plan, take } = this.#frame;
    const known = this.#hoisted.get(lane) ?? at.known.get(lane);
    if (known) {
      code.get(known);
      return;
    }
    this.#compute(lane, at);
    if (plan.uses.get(lane)! > 1 && lane.op !== "constant") {
      const local = take("v128");
      code.tee(local);
      at.known.set(lane, local);
    }
  }
  #compute(lane: Lane, at: Instance): void {
    const rest = lane.op === "add" ? this.#withoutZero(lane, at) : undefined;
    if (lane.op === "load") this.#load(lane, at);
    else if (rest) this.#push(rest, at);
    else emitOperation(lane, (arg) => this.#push(arg, at), this.#frame);
  }

  /** The other operand of a sum, where the weights of one of its terms are zeros. */
  #withoutZero({ args }: Lane, at: Instance): Lane | undefined {
    const zero = args.findIndex((term) => this.#weighsNothing(term, at));
    return zero < 0 ? undefined : args[1 - zero];
  }
  #weighsNothing(term: Lane, at: Instance): boolean {
    const { plan, chunk } = this.#frame;
    if (term.op === "add") return term.args.every((t) => this.#weighsNothing(t, at));
    if (term.op !== "weigh" || plan.sizes.length > 1 || plan.inner.turns > 1 || chunk) return false;
    const { access } = term.args[0]!;
    const data = access && this.#frame.data(access.buffer);
    const isZero = (position: number): boolean => data?.[this.#addresses.element(access!, position)] === 0;
    return isZero(at.position) && (at.isTail || isZero(at.position + 1));
  }

  #load(lane: Lane, { position, isTail }: Instance): void {
    const { code, plan } = this.#frame;
    const access = lane.access!;
    const register = this.#frame.register(access.buffer);
    const isSplat = this.#level(lane) < plan.innermost || plan.sizes.length === 0;
    if (register) {
      const first = this.#addresses.element(access, position);
      if (isSplat) register.splat(access.offset);
      else if (isTail) register.single(first);
      else register.pair(first, this.#addresses.element(access, position + 1));
    } else if (isSplat) code.load("v128.load64_splat", this.#addresses.push(access, 0));
    else if (isTail) code.load("v128.load64_zero", this.#addresses.push(access, position));
    else if (this.#addresses.isContiguous(access)) code.load("v128.load", this.#addresses.push(access, position));
    else {
      const second = this.#addresses.push(access, position + 1);
      code.load("v128.load64_zero", this.#addresses.push(access, position)).op("v128.load64_lane", second, 3, 1);
    }
  }
}
