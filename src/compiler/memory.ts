/** Static memory plan: every buffer has its address before the program runs, and buffers that are never needed together share one. */
import { type Buffer, buffersOf, type Schedule, type Step, type Strip } from "./steps.ts";

/** Bytes; buffers begin at multiples of 16 so that pairs of doubles are aligned. */
export const align = (bytes: number): number => (bytes + 15) & ~15;

export interface MemoryPlan {
  /** Byte address of every buffer, by id. */
  readonly addresses: readonly number[];
  /** Where kernels may scribble. */
  readonly scratch: number;
  readonly bytes: number;
  /** Total size of constants, laid out from `constantsAt`. */
  readonly constantsAt: number;
  readonly constantsEnd: number;
}

/** Notes in each buffer the first and last step that touch it. */
export function findLifetimes(schedule: Schedule): void {
  const touch = (id: number, step: number): void => {
    const buffer = schedule.buffers[id]!;
    buffer.firstStep = Math.min(buffer.firstStep, step);
    buffer.lastStep = Math.max(buffer.lastStep, step);
  };
  schedule.steps.forEach((step, i) => {
    if (step.kind !== "strip") for (const id of buffersIn(step)) touch(id, i);
    else {
      // What holds a chunk is needed from one part of the strip to another; everything else as long as there are chunks.
      const n = step.steps.length;
      step.steps.forEach((part, k) => {
        for (const id of buffersIn(part)) {
          if (step.local.has(id)) touch(id, i + k / n);
          else for (const end of [0, n - 1]) touch(id, i + end / n);
        }
      });
    }
  });
}

/** The buffers that a step touches. */
const buffersIn = (step: Exclude<Step, Strip>): number[] =>
  step.kind === "nest"
    ? [
        ...step.algebra.lanes.flatMap((lane) => lane.access?.buffer ?? []),
        ...[...step.stores, ...step.accumulations, ...step.scatters].map((root) => root.target.buffer),
      ]
    : buffersOf(step);

/**
 * Inputs first and packed (the caller's flat vector is copied in one piece), then outputs, packed as well, constants,
 * and temporaries placed first-fit by lifetime.
 */
export function planMemory(schedule: Schedule, tableBytes: number, scratchDoubles: number): MemoryPlan {
  findLifetimes(schedule);
  const addresses = new Array<number>(schedule.buffers.length).fill(0);
  // Address 0 is left alone, so that a wrong address is noticed.
  let end = 16;
  const packed = (ids: readonly number[]): void => {
    end = align(end);
    for (const id of ids) {
      addresses[id] = end;
      end += schedule.buffers[id]!.size * 8;
    }
  };
  packed(schedule.inputs);
  packed(schedule.outputs);
  end = align(end);
  const constantsAt = end;
  for (const buffer of schedule.buffers) {
    if (buffer.kind !== "constant") continue;
    addresses[buffer.id] = end;
    end = align(end + buffer.size * 8);
  }
  end = align(end + tableBytes);
  const constantsEnd = end;
  end = placeTemporaries(schedule.buffers, addresses, end);
  const scratch = align(end);
  return { addresses, scratch, bytes: scratch + scratchDoubles * 8 + 64, constantsAt, constantsEnd };
}

/** Places temporaries from `start` on, none over another that is needed at the same time; gives the end. */
export function placeTemporaries(buffers: readonly Buffer[], addresses: number[], start: number): number {
  const placed: { from: number; to: number; buffer: Buffer }[] = [];
  const waiting = buffers.filter((b) => b.kind === "temporary" && b.lastStep >= 0).sort((a, b) => b.size - a.size);
  let end = start;
  for (const buffer of waiting) {
    const rivals = placed
      .filter((p) => p.buffer.firstStep <= buffer.lastStep && buffer.firstStep <= p.buffer.lastStep)
      .sort((a, b) => a.from - b.from);
    const bytes = align(buffer.size * 8);
    let at = start;
    for (const rival of rivals) if (at + bytes > rival.from && at < rival.to) at = rival.to;
    addresses[buffer.id] = at;
    placed.push({ from: at, to: at + bytes, buffer });
    end = Math.max(end, at + bytes);
  }
  return end;
}
