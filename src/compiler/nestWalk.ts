/**
 * The loops of a nest. The innermost runs over pairs of doubles, several in each turn; pairs left over follow it, and an odd
 * last element goes through the same code with one lane in use. The last chunk of a strip may have fewer rows than the others.
 */
import { pushTimes } from "./chunk.ts";
import type { NestAddresses } from "./nestAddresses.ts";
import type { NestBody } from "./nestBody.ts";
import type { NestFrame } from "./nestFrame.ts";
import type { NestSums } from "./nestSums.ts";
import type { NestValues } from "./nestValues.ts";

export class NestWalk {
  readonly #frame: NestFrame;
  readonly #addresses: NestAddresses;
  readonly #values: NestValues;
  readonly #sums: NestSums;
  readonly #body: NestBody;

  constructor(frame: NestFrame, addresses: NestAddresses, values: NestValues, sums: NestSums, body: NestBody) {
    this.#frame = frame;
    this.#addresses = addresses;
    this.#values = values;
    this.#sums = sums;
    this.#body = body;
  }

  /** All loops, over all rows or those of the chunk. */
  emit(): void {
    this.#frame.scope(() => {
      this.#addresses.declare();
      // Outside of loops there is nothing to hoist from; values are computed where they are first used.
      if (this.#frame.plan.sizes.length > 0) this.#values.hoist(-1);
      this.#loop(0);
    });
  }

  /** Loop `d` and those inside of it. */
  #loop(d: number): void {
    const { code, chunk, plan, take } = this.#frame;
    if (d >= plan.innermost) {
      this.#innermost();
      return;
    }
    const turns = plan.sizes[d]!;
    if (turns === 1) {
      this.#values.hoist(d);
      this.#loop(d + 1);
      return;
    }
    const counter = take("i32");
    pushTimes(code, chunk, turns, this.#lastSize(d));
    code.set(counter);
    code.loop(() => {
      this.#values.hoist(d);
      this.#loop(d + 1);
      this.#addresses.advance(d, 1);
      code.get(counter).i32(1).op("i32.sub").tee(counter).brIf(0);
    });
    if (d > 0) this.#addresses.advance(d, -turns);
  }

  /** How far loop `d` goes in the last chunk. */
  #lastSize(d: number): number {
    const { chunk, plan } = this.#frame;
    const size = plan.sizes[d] ?? 1;
    return chunk && d === 0 ? (size / chunk.strip.chunk) * chunk.lastRows : size;
  }

  #innermost(): void {
    const { code, chunk, plan } = this.#frame;
    const { innermost } = plan;
    const { unroll, turns } = plan.inner;
    const size = plan.sizes[innermost] ?? 1;
    const lastSize = this.#lastSize(innermost);
    const isLoop = turns > 1;
    const lastTurns = isLoop ? Math.floor((lastSize >> 1) / unroll) : 0;
    this.#sums.openPartial();
    if (isLoop) this.#turns(lastTurns);
    const ordinaryRest = (): void => this.#rest(size, isLoop ? turns : 0);
    if (lastSize === size) ordinaryRest();
    else code.get(chunk!.isLast).if(() => this.#rest(lastSize, lastTurns), ordinaryRest);
    this.#sums.renormalise();
    if (innermost > 0 && isLoop) this.#addresses.advance(innermost, -2 * turns * unroll);
    this.#sums.closePartial();
  }

  /** The turns of the innermost loop, counted by a pointer where one begins at nothing. */
  #turns(lastTurns: number): void {
    const { code, chunk, plan, take } = this.#frame;
    const { unroll, turns } = plan.inner;
    const pointer = this.#addresses.counter();
    const step = pointer ? pointer.strides[plan.innermost]! * 16 * unroll : 1;
    /** Where the pointer ends, unless that is always the same; or how many turns are left. */
    const bound = pointer && turns === lastTurns ? undefined : take("i32");
    const loop = (): void => {
      if (bound) {
        pushTimes(code, chunk, turns * step, lastTurns * step);
        code.set(bound);
      }
      code.loop(() => {
        const instances = Array.from({ length: unroll }, (_, u) => this.#values.begin(2 * u));
        instances.forEach((at, u) => this.#body.emit(at, u));
        this.#sums.renormaliseLong();
        this.#addresses.advance(plan.innermost, 2 * unroll);
        if (pointer) {
          code.get(pointer.local);
          if (bound) code.get(bound);
          else code.i32(turns * step);
          code.op("i32.lt_s").brIf(0);
        } else code.get(bound!).i32(1).op("i32.sub").tee(bound!).brIf(0);
      });
    };
    if (lastTurns > 0) loop();
    else code.get(chunk!.isLast).op("i32.eqz").if(loop);
  }

  /** What is left of `size` elements after some turns. */
  #rest(size: number, turns: number): void {
    const left = size - 2 * this.#frame.plan.inner.unroll * turns;
    for (let p = 0; p < left >> 1; p++) this.#body.emit({ position: 2 * p, isTail: false, known: new Map() }, p);
    if (left % 2 === 1) this.#body.emit({ position: left - 1, isTail: true, known: new Map() }, 0);
  }
}
