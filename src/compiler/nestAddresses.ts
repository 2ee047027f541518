/** Where the operands of a nest lie: running pointers, one for each pattern of strides, and the constant offsets from them. */
import type { Local } from "../wasm/assembler.ts";
import type { Access } from "./lanes.ts";
import type { NestFrame } from "./nestFrame.ts";

/** A running pointer: where it begins, its steps along the loops, and those from one row of a strip to the next. */
export interface Pointer {
  readonly local: Local;
  readonly base: number;
  readonly strides: readonly number[];
  readonly rowStride: number;
}

const isBackwards = (strides: readonly number[]): boolean => strides.some((s) => s < 0);

export class NestAddresses {
  readonly #frame: NestFrame;
  readonly #strides: Map<Access, readonly number[]> = new Map();
  readonly #pointers: Map<string, Pointer> = new Map();

  constructor(frame: NestFrame) {
    this.#frame = frame;
  }

  /** Strides along the loops that are left after collapsing. */
  strides(access: Access): readonly number[] {
    let strides = this.#strides.get(access);
    if (strides === undefined) {
      const { sizes, group } = this.#frame.plan;
      const out = sizes.map(() => 0);
      access.strides.forEach((s, d) => {
        // In a collapsed group the innermost of the old loops has the stride of the new one; it is visited last.
        out[group[d]!] = s;
      });
      strides = out;
      this.#strides.set(access, strides);
    }
    return strides;
  }
  innerStride(access: Access): number {
    return this.strides(access)[this.#frame.plan.innermost] ?? 0;
  }
  /** Whether the elements of a pair lie side by side. */
  isContiguous(access: Access): boolean {
    return this.innerStride(access) === 1 && (!access.index || this.innerStride(access.index) === 0);
  }
  /** Which element of its buffer an access of straight-line code means. */
  element(access: Access, position: number): number {
    return access.offset + this.innerStride(access) * position;
  }
  /** Address of the first element. */
  base(access: Access): number {
    return this.#frame.address(access.buffer) + access.offset * 8;
  }

  /** Sets the pointers to where the loops begin. */
  declare(): void {
    for (const access of this.#frame.plan.accesses) this.#declare(access);
  }
  /** A pattern needs a running pointer unless its only movement is inside straight-line code. */
  #declare(access: Access): void {
    const { code, chunk, plan, take } = this.#frame;
    const strides = this.strides(access);
    const rowStride = this.#rowStride(access);
    const moves = rowStride !== 0 || strides.some((s, d) => s !== 0 && (d < plan.innermost || plan.inner.turns > 1));
    const key = this.#key(access);
    if (!moves || this.#pointers.has(key)) return;
    const local = take("i32");
    const base = isBackwards(strides) ? this.base(access) : 0;
    this.#pointers.set(key, { local, base, strides, rowStride });
    code.i32(base);
    if (rowStride !== 0) {
      code
        .get(chunk!.first)
        .i32(rowStride * 8)
        .op("i32.mul")
        .op("i32.add");
    }
    code.set(local);
  }
  /** Which pointer serves an access: one for each pattern of strides; patterns that walk backwards carry their own base. */
  #key(access: Access): string {
    const strides = this.strides(access);
    return `${this.#rowStride(access)}:${strides}${isBackwards(strides) ? `@${this.base(access)}` : ""}`;
  }
  /** Elements between the rows of a strip in a buffer that holds them all. */
  #rowStride(access: Access): number {
    const { chunk } = this.#frame;
    return chunk && !chunk.strip.local.has(access.buffer) ? access.strides[0]! : 0;
  }

  /** Pushes the changing part of an address; gives the constant part for the instruction. */
  push(access: Access, position: number): number {
    const { code } = this.#frame;
    const pointer = this.#pointers.get(this.#key(access));
    const shift = position * this.innerStride(access) * 8;
    let offset = this.base(access) + shift;
    if (pointer) {
      code.get(pointer.local);
      if (isBackwards(pointer.strides)) {
        if (shift !== 0) code.i32(shift).op("i32.add");
        offset = 0;
      }
    } else code.i32(0);
    if (access.index) {
      const at = this.push(access.index, position);
      code.load("i32.load", at).op("i32.add");
    }
    return offset;
  }

  /** Moves the pointers so many turns of loop `d`. */
  advance(d: number, turns: number): void {
    const { code } = this.#frame;
    for (const { local, strides } of this.#pointers.values()) {
      const step = strides[d]! * turns * 8;
      if (step !== 0) code.get(local).i32(step).op("i32.add").set(local);
    }
  }

  /** A pointer that begins the innermost loop at nothing, and so can count its turns. */
  counter(): Pointer | undefined {
    const { sizes, innermost } = this.#frame.plan;
    return [...this.#pointers.values()].find(
      ({ base, strides, rowStride }) =>
        base === 0 && rowStride === 0 && strides.every((s, d) => (d === innermost ? s > 0 : s === 0 || sizes[d] === 1)),
    );
  }
}
