/** What all loops have around their bodies: counting and testing, pointers along rows, and what is left when a test never fails. */
import type { Code, Local } from "../wasm/assembler.ts";
import { layoutOf } from "./loop.ts";
import type { Loop } from "./steps.ts";

/** Pushes a stored non-negative integer as an i32: the low bits of what it is after adding 2^52. */
export function loadInteger(code: Code, at: number): void {
  code
    .i32(0)
    .load("f64.load", at)
    .f64(2 ** 52)
    .op("f64.add")
    .op("f64x2.splat")
    .op("i32x4.extract_lane", 0);
}

/** Pointers that walk along rows: one for every size of row, and one for rows that are walked against the loop. */
export class RowPointers {
  readonly #code: Code;
  readonly #reverse: boolean;
  readonly #pointers: Map<number, Local> = new Map();
  readonly #against: Map<number, Local> = new Map();

  /** @param against - sizes of rows of which the last is read first where others begin with the first */
  constructor(code: Code, reverse: boolean, sizes: readonly number[], against: readonly number[] = []) {
    this.#code = code;
    this.#reverse = reverse;
    for (const size of new Set(sizes)) if (size > 0) this.#pointers.set(size, code.local("i32"));
    for (const size of new Set(against)) if (size > 0) this.#against.set(size, code.local("i32"));
  }
  of(size: number, against = false): Local | undefined {
    return (against ? this.#against : this.#pointers).get(size);
  }
  /** Before the first step: at the first row, or at the last of those that `count` numbers. */
  start(count: number | Local): void {
    const code = this.#code;
    const begin = (pointers: ReadonlyMap<number, Local>, last: boolean): void => {
      for (const [size, pointer] of pointers) {
        if (!last) code.i32(0);
        else if (typeof count === "number") code.i32((count - 1) * size * 8);
        else
          code
            .get(count)
            .i32(1)
            .op("i32.sub")
            .i32(size * 8)
            .op("i32.mul");
        code.set(pointer);
      }
    };
    begin(this.#pointers, this.#reverse);
    begin(this.#against, !this.#reverse);
  }
  advance(): void {
    const step = (pointers: ReadonlyMap<number, Local>, sign: number): void => {
      for (const [size, pointer] of pointers) {
        this.#code
          .get(pointer)
          .i32(size * 8 * sign)
          .op("i32.add")
          .set(pointer);
      }
    };
    step(this.#pointers, this.#reverse ? -1 : 1);
    step(this.#against, this.#reverse ? 1 : -1);
  }
}

/** What differs between the ways of running a body. */
export interface LoopBody {
  /** Before the first step. */
  readonly start: () => void;
  /** Pushes whether to go on, as an i32. */
  readonly test?: () => void;
  readonly step: () => void;
  /** Puts the last carried values in their places. */
  readonly finish: () => void;
}

/** The skeleton of a loop around a body: counting, testing, and what is left when a test never fails. */
export function emitTurns(
  code: Code,
  step: Loop,
  address: (buffer: number) => number,
  pointers: RowPointers,
  body: LoopBody,
): void {
  const { trips, length } = step.attrs;
  const layout = layoutOf(step.attrs);
  const target = address(step.target);
  const turn = (): void => {
    body.step();
    pointers.advance();
  };
  body.start();
  if (trips === "tested") {
    const done = code.local("i32");
    const unfinished = code.local("i32");
    pointers.start(length);
    code.block(() => {
      code.loop(() => {
        body.test!();
        code.op("i32.eqz").brIf(1);
        code.get(done).i32(length).op("i32.eq").tee(unfinished).brIf(1);
        turn();
        code.get(done).i32(1).op("i32.add").set(done).br(0);
      });
    });
    body.finish();
    code
      .i32(0)
      .get(done)
      .op("f64.convert_i32_s")
      .store("f64.store", target + layout.count!.start * 8);
    code.get(unfinished).if(() => {
      for (const { start, size } of layout.finals) fillNaN(code, target + start * 8, size);
    });
    return;
  }
  const left = code.local("i32");
  const turns = (): void => {
    code.loop(() => {
      turn();
      code.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
    });
  };
  if (trips === "fixed") {
    code.i32(length).set(left);
    pointers.start(length);
    turns();
  } else {
    loadInteger(code, address(step.operands.at(-1)!));
    code.set(left);
    pointers.start(left);
    code.get(left).if(turns);
  }
  body.finish();
}

function fillNaN(code: Code, at: number, size: number): void {
  if (size <= 16)
    for (let i = 0; i < size; i++)
      code
        .i32(0)
        .f64(Number.NaN)
        .store("f64.store", at + i * 8);
  // All bits set are a NaN.
  else
    code
      .i32(at)
      .i32(255)
      .i32(size * 8)
      .op("memory.fill");
}
