/** Loops whose bodies are expressions: what is carried lives in locals, rows and results are loaded and stored in place. */
import type { Code, FunctionRef, Local } from "../wasm/assembler.ts";
import { emitOperation, type LaneEnvironment, usesOf } from "./emitLane.ts";
import { isMask, type Lane } from "./lanes.ts";
import { layoutOf, type Segment } from "./loop.ts";
import { emitTurns, RowPointers } from "./loopTurns.ts";
import { sizeOf } from "./shapes.ts";
import type { Loop, LoopEnvironment, Packed } from "./steps.ts";

export function emitPackedLoop(step: Loop, packed: Packed, env: LoopEnvironment): FunctionRef {
  return env.builder.func(env.name("loop"), [], [], (code) => new PackedEmitter(step, packed, env, code).emit());
}

class PackedEmitter {
  readonly #step: Loop;
  readonly #packed: Packed;
  readonly #env: LoopEnvironment;
  readonly #code: Code;
  readonly #pointers: RowPointers;
  readonly #uses: ReadonlyMap<Lane, number>;
  readonly #laneEnvironment: LaneEnvironment;
  /** Values that are there for the whole loop: what is carried, and what does not change. */
  readonly #held: Map<Lane, Local> = new Map();
  readonly #carried: readonly (readonly Local[])[];
  #current: Map<Lane, Local> = new Map();

  constructor(step: Loop, packed: Packed, env: LoopEnvironment, code: Code) {
    this.#step = step;
    this.#packed = packed;
    this.#env = env;
    this.#code = code;
    const { body, carries, rows, reverse, views } = step.attrs;
    const sizes = [...body.inputs.slice(0, carries + rows), ...body.outputs].map((x) => sizeOf(x.shape));
    const against = body.inputs.slice(carries).flatMap((x, k) => (views?.[k]?.backwards ? [sizeOf(x.shape)] : []));
    this.#pointers = new RowPointers(code, reverse, sizes, against);
    this.#carried = packed.carried.map((places) => places.map(() => code.local("v128")));
    this.#uses = usesOf([...packed.next.flat(), ...packed.results.flat(), ...(packed.test ? [packed.test] : [])]);
    this.#laneEnvironment = { ...env, code, take: (type) => code.local(type) };
  }

  emit(): void {
    const { test } = this.#packed;
    emitTurns(this.#code, this.#step, this.#env.address, this.#pointers, {
      start: () => this.#start(),
      ...(test && {
        test: () => {
          this.#current = new Map();
          this.#value(test);
          this.#code.op("v128.any_true");
        },
      }),
      step: () => this.#turn(),
      finish: () => {
        const { finals } = layoutOf(this.#step.attrs);
        this.#carried.forEach((locals, k) =>
          this.#storeAll(finals[k]!, finals[k]!.size, undefined, (i) => this.#code.get(locals[i]!)),
        );
      },
    });
  }

  #address(operand: number): number {
    return this.#env.address(this.#step.operands[operand]!);
  }

  /** Loads what is carried and what the body closes over, and computes what does not change. */
  #start(): void {
    const code = this.#code;
    const { algebra, slots, carried } = this.#packed;
    const placeOf = new Map<number, Local>();
    carried.forEach((places, k) => {
      places.forEach((place, i) => {
        const { at, single } = slots[place]!;
        code
          .i32(0)
          .load(single ? "v128.load64_splat" : "v128.load", this.#address(k) + at * 8)
          .set(this.#carried[k]![i]!);
        placeOf.set(place, this.#carried[k]![i]!);
      });
    });
    for (const lane of algebra.lanes) {
      if (!this.#uses.has(lane)) continue;
      const carry = lane.op === "slot" ? placeOf.get(lane.place!) : undefined;
      if (carry) this.#held.set(lane, carry);
      else if (lane.level < 0 && lane.op !== "constant") {
        const local = code.local("v128");
        this.#compute(lane);
        code.set(local);
        this.#held.set(lane, local);
      }
    }
  }

  /** One step: records, results, and all carried values at once. */
  #turn(): void {
    const code = this.#code;
    const { next, results } = this.#packed;
    const { body, carries } = this.#step.attrs;
    const layout = layoutOf(this.#step.attrs);
    this.#current = new Map();
    this.#carried.forEach((locals, k) => {
      const size = layout.records[k]!.size === 0 ? 0 : sizeOf(body.inputs[k]!.shape);
      this.#storeAll(layout.records[k]!, size, this.#pointers.of(size), (i) => code.get(locals[i]!));
    });
    results.forEach((lanes, j) => {
      const size = sizeOf(body.outputs[carries + j]!.shape);
      this.#storeAll(layout.results[j]!, size, this.#pointers.of(size), (i) => this.#number(lanes[i]!));
    });
    const targets = this.#carried.flat();
    const values = next.flat();
    for (const lane of values) this.#number(lane);
    for (const local of [...targets].reverse()) code.set(local);
  }

  /** Stores a tensor's pairs to a stretch of the result. */
  #storeAll({ start }: Segment, size: number, pointer: Local | undefined, value: (pair: number) => void): void {
    const code = this.#code;
    const target = this.#env.address(this.#step.target) + start * 8;
    for (let i = 0; i < size; i += 2) {
      if (pointer) code.get(pointer);
      else code.i32(0);
      value(i >> 1);
      if (i + 1 < size) code.store("v128.store", target + i * 8);
      else code.op("v128.store64_lane", target + i * 8, 3, 0);
    }
  }

  #number(lane: Lane): void {
    this.#value(lane);
    if (isMask(lane)) this.#code.f64x2(1).op("v128.and");
  }
  #value(lane: Lane): void {
    const known = this.#held.get(lane) ?? this.#current.get(lane);
    if (known) {
      this.#code.get(known);
      return;
    }
    this.#compute(lane);
    if (this.#uses.get(lane)! > 1 && lane.op !== "constant") {
      const local = this.#code.local("v128");
      this.#code.tee(local);
      this.#current.set(lane, local);
    }
  }

  #compute(lane: Lane): void {
    if (lane.op === "slot") this.#slot(lane.place!);
    else emitOperation(lane, (arg) => this.#value(arg), this.#laneEnvironment);
  }
  /** A pair of a row or of a closure. */
  #slot(place: number): void {
    const code = this.#code;
    const { kind, operand, at, single } = this.#packed.slots[place]!;
    const { body, carries, views } = this.#step.attrs;
    const view = kind === "row" ? views?.[operand - carries] : undefined;
    const pointer =
      kind === "row" ? this.#pointers.of(sizeOf(body.inputs[operand]!.shape), view?.backwards) : undefined;
    if (pointer) code.get(pointer);
    else code.i32(0);
    const start = this.#address(operand) + (view?.offset ?? 0) * 8;
    code.load(single ? "v128.load64_splat" : "v128.load", start + at * 8);
  }
}
