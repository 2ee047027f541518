/**
 * Small temporaries in registers. What a nest leaves for the next one in the same function need not pass through memory when
 * both are straight-line code: a wide load soon after narrow stores of the same bytes stalls, and so does a chain of short nests.
 */
import type { Code, Local } from "../wasm/assembler.ts";
import { pairBytes } from "./emitLane.ts";
import type { Access } from "./lanes.ts";
import type { NestPlan } from "./nestPlan.ts";
import { type Buffer, buffersOf, type Step } from "./steps.ts";

/** Elements of a temporary that is kept in registers, at most. */
const registerLimit = 16;

/** A step with the ways its nests are walked: one for a nest, one for each step of a strip that is a nest. */
export interface PlannedStep {
  readonly step: Step;
  readonly plan?: NestPlan;
  readonly inside?: readonly (NestPlan | undefined)[];
}

/**
 * The temporaries that can be kept in registers: touched by nothing but nests of this part, at places known when the code is
 * written.
 *
 * @param isWhole - whether every step that touches the buffer belongs to the part
 */
export function findRegisters(
  part: readonly PlannedStep[],
  buffers: readonly Buffer[],
  isWhole: (buffer: number) => boolean,
): Set<number> {
  const found = new Set<number>();
  const refused = new Set<number>();
  const mayHold = (id: number): boolean =>
    buffers[id]!.kind === "temporary" && buffers[id]!.size <= registerLimit && isWhole(id);
  const consider = (id: number, isFixed: boolean): void => {
    if (isFixed && mayHold(id)) found.add(id);
    else refused.add(id);
  };
  const visit = (step: Step, isStraight: boolean): void => {
    if (step.kind === "strip") {
      for (const inner of step.steps) visit(inner, false);
      return;
    }
    if (step.kind !== "nest") {
      for (const id of buffersOf(step)) refused.add(id);
      return;
    }
    const isFixed = (access: Access): boolean => !access.index && (isStraight || access.strides.every((s) => s === 0));
    for (const { access } of step.algebra.lanes) {
      if (!access) continue;
      consider(access.buffer, isFixed(access));
      if (access.index) refused.add(access.index.buffer);
    }
    for (const { target } of step.stores) consider(target.buffer, isStraight && !target.index);
    for (const { target } of step.accumulations)
      consider(
        target.buffer,
        target.strides.every((s) => s === 0),
      );
    for (const { target } of step.scatters) {
      refused.add(target.buffer);
      if (target.index) refused.add(target.index.buffer);
    }
  };
  for (const { step, plan } of part) visit(step, plan?.isStraight ?? false);
  for (const id of refused) found.delete(id);
  return found;
}

/** A temporary in registers, pair by pair. */
export class Register {
  readonly #code: Code;
  readonly #take: () => Local;
  readonly #pairs: (Local | undefined)[] = [];
  /** Pairs whose halves are equal, because one number was written to both. */
  readonly #equal: Set<number> = new Set();

  constructor(code: Code, take: () => Local) {
    this.#code = code;
    this.#take = take;
  }

  /** The locals in use. */
  get locals(): Local[] {
    return this.#pairs.filter((pair) => pair !== undefined);
  }

  /** Pushes the element in both halves. */
  splat(element: number): void {
    this.pair(element, element);
  }
  /** Pushes two elements. */
  pair(first: number, second: number): void {
    const [a, b] = [first >> 1, second >> 1];
    const isInPlace = a === b && (this.#equal.has(a) || (first % 2 === 0 && second === first + 1));
    this.#code.get(this.#pairs[a]!);
    if (!isInPlace) this.#code.get(this.#pairs[b]!).op("i8x16.shuffle", ...pairBytes(2 * (first & 1) + (second & 1)));
  }
  /** Pushes the element in the lower half, anything in the upper. */
  single(element: number): void {
    if (element % 2 === 0) this.#code.get(this.#pairs[element >> 1]!);
    else this.splat(element);
  }

  /** Takes two elements, beginning at an even one, from the stack. */
  setPair(element: number): void {
    const at = element >> 1;
    this.#equal.delete(at);
    this.#pairs[at] ??= this.#take();
    this.#code.set(this.#pairs[at]);
  }
  /** Takes one element from half `half` of a value; `isEqual`: both halves are the same. */
  setElement(element: number, value: Local, half: number, isEqual: boolean): void {
    const at = element >> 1;
    const before = this.#pairs[at];
    if (before) {
      this.#equal.delete(at);
      if (element % 2 === 0)
        this.#code
          .get(value)
          .get(before)
          .op("i8x16.shuffle", ...pairBytes(2 * half + 1));
      else
        this.#code
          .get(before)
          .get(value)
          .op("i8x16.shuffle", ...pairBytes(half));
      this.#code.set(before);
      return;
    }
    this.#pairs[at] = this.#take();
    this.#code.get(value);
    if (isEqual) this.#equal.add(at);
    else if (half !== (element & 1)) this.#code.get(value).op("i8x16.shuffle", ...pairBytes(3 * half));
    this.#code.set(this.#pairs[at]);
  }
}
