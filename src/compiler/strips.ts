/**
 * Strip mining: nests over the same rows run together, a chunk of rows at a time, so that what one of them hands to the next
 * stays in the first-level cache and needs room for one chunk only. Sums over rows go on from chunk to chunk.
 *
 * A nest that needs a completed sum over the rows begins another strip.
 */
import { blockRows } from "../wasm/kernels/blockLayout.ts";
import type { Access } from "./lanes.ts";
import {
  type Accesses,
  accessesOf,
  isLongStep,
  isRowStep,
  loopsOf,
  type RowStep,
  rowWork,
  staysInRow,
} from "./rowAccess.ts";
import { splitNest } from "./splitNest.ts";
import { type Buffer, buffersOf, type NewBuffer, type Step, type Strip } from "./steps.ts";

/** Elements of a chunk, about: a handful of buffers of this length and the data of as many rows fit the first-level cache. */
const chunkElements = 128;

/** How much more some steps of a strip may do for a row than others, which would run over very short chunks. */
const mostUneven = 4;
/** Values that the steps of a strip compute at most, so that no function grows beyond what the engine optimises well. */
const mostValues = 450;

/** A strip to be, or a step by itself (`rows` 0), and what it needs. */
interface Unit {
  readonly rows: number;
  readonly members: { readonly step: Step; readonly accesses: Accesses | undefined }[];
  readonly needs: Set<Unit>;
  values: number;
}

/** The steps with nests gathered into strips, long loops cut into short ones, in an order that respects what they need. */
export function stripMine(steps: readonly Step[], buffers: readonly Buffer[], newBuffer: NewBuffer): Step[] {
  const { units, users } = gather(steps, buffers);
  return ordered(units).flatMap((unit) => {
    const members = unit.members.map((m) => m.step);
    if (unit.rows === 0) return members;
    const isInside = (id: number): boolean =>
      buffers[id]!.kind === "temporary" && [...(users.get(id) ?? [])].every((user) => user === unit);
    const parts = (members as RowStep[]).flatMap((step): RowStep[] =>
      step.kind === "nest" ? splitNest(step, newBuffer) : [step],
    );
    return strip(unit.rows, parts, isInside, buffers);
  });
}

interface Gathered {
  readonly units: readonly Unit[];
  /** What reads or writes each buffer. */
  readonly users: ReadonlyMap<number, ReadonlySet<Unit>>;
}

/** The units of a program: strips to be, and single steps. */
function gather(steps: readonly Step[], buffers: readonly Buffer[]): Gathered {
  const units: Unit[] = [];
  const writers = new Map<number, Set<Unit>>();
  const users = new Map<number, Set<Unit>>();
  const note = (map: Map<number, Set<Unit>>, buffer: number, unit: Unit): void => {
    const known = map.get(buffer);
    if (known) known.add(unit);
    else map.set(buffer, new Set([unit]));
  };
  for (const step of steps) {
    const accesses = isRowStep(step) ? accessesOf(step) : undefined;
    const read = accesses ? [...accesses.reads, ...accesses.sums].map((a) => a.buffer) : touched(step);
    const written = accesses ? [...accesses.stores, ...accesses.sums].map((a) => a.buffer) : touched(step);
    const needs = new Set([
      ...[...read, ...written].flatMap((id) => [...(writers.get(id) ?? [])]),
      ...written.flatMap((id) => [...(users.get(id) ?? [])]),
    ]);
    const rows = isLongStep(step) ? loopsOf(step)[0]! : 0;
    const values = step.kind === "nest" ? step.algebra.lanes.length : 0;
    const joins = (unit: Unit): boolean =>
      unit.rows === rows &&
      unit.values + values <= mostValues &&
      unit.members.every((member) => isEven(rowWork(member.step as RowStep), rowWork(step as RowStep))) &&
      follows(unit, step as RowStep, accesses!, buffers) &&
      ![...needs].some((need) => need !== unit && reaches(need, unit));
    let unit = rows > 0 ? units.findLast(joins) : undefined;
    if (!unit) {
      unit = { rows, members: [], needs: new Set(), values: 0 };
      units.push(unit);
    }
    unit.members.push({ step, accesses });
    unit.values += values;
    for (const need of needs) if (need !== unit) unit.needs.add(need);
    for (const id of [...read, ...written]) note(users, id, unit);
    for (const id of written) note(writers, id, unit);
  }
  return { units, users };
}

const isEven = (a: number, b: number): boolean => Math.max(a, b) <= mostUneven * Math.min(a, b);

/** Buffers of a step that is not a nest, which may read and write any of them. */
const touched = (step: Step): number[] => (step.kind === "nest" || step.kind === "strip" ? [] : buffersOf(step));

/** Whether `from` needs `to`, directly or not. */
function reaches(from: Unit, to: Unit, seen: Set<Unit> = new Set()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return [...from.needs].some((need) => reaches(need, to, seen));
}

/** Whether a step shares with the members of a strip only what belongs to the same rows. */
function follows({ members }: Unit, step: RowStep, accesses: Accesses, buffers: readonly Buffer[]): boolean {
  const writes = [...accesses.stores, ...accesses.sums];
  const local = (access: Access, dims: readonly number[]): boolean =>
    staysInRow(access, dims, buffers[access.buffer]!.size);
  return members.every(({ step: before, accesses: made }) => {
    const written = [...made!.stores, ...made!.sums];
    const meets = (access: Access, others: readonly Access[]): boolean => {
      const same = others.filter((other) => other.buffer === access.buffer);
      const isLocal = (): boolean =>
        local(access, loopsOf(step)) && same.every((w) => local(w, loopsOf(before as RowStep)));
      return same.length === 0 || isLocal();
    };
    return (
      accesses.reads.every((a) => meets(a, written)) && writes.every((a) => meets(a, [...made!.reads, ...written]))
    );
  });
}

/** Units after everything they need, otherwise in their old order. */
function ordered(units: readonly Unit[]): Unit[] {
  const out = new Set<Unit>();
  const visit = (unit: Unit): void => {
    if (out.has(unit)) return;
    for (const need of unit.needs) visit(need);
    out.add(unit);
  };
  units.forEach(visit);
  return [...out];
}

/** Nests that run together, with what only they use shrunk to a chunk; as they are, when there is one chunk or nest only. */
function strip(
  rows: number,
  parts: readonly RowStep[],
  isInside: (buffer: number) => boolean,
  buffers: readonly Buffer[],
): Step[] {
  const work = Math.max(...parts.map(rowWork));
  const chunk = chunkRows(rows, work, parts.some((s) => s.kind === "call") ? blockRows : 1);
  if (chunk >= rows || parts.length === 1) return [...parts];
  const local = new Set<number>();
  const shared = new Set<number>();
  for (const part of parts) {
    const { reads, stores, sums } = accessesOf(part);
    for (const access of [...reads, ...stores]) {
      if (isInside(access.buffer) && staysInRow(access, loopsOf(part), buffers[access.buffer]!.size))
        local.add(access.buffer);
      else shared.add(access.buffer);
    }
    for (const { buffer } of sums) shared.add(buffer);
  }
  for (const id of shared) local.delete(id);
  for (const id of local) {
    const buffer = buffers[id]!;
    buffer.size = (buffer.size / rows) * chunk;
  }
  const made: Strip = { kind: "strip", rows, chunk, steps: parts, local };
  return [made];
}

/** Rows of a chunk: a multiple of `multiple`, and of eight when there are several; all chunks are about as long. */
function chunkRows(rows: number, work: number, multiple: number): number {
  const wanted = Math.max(multiple, Math.round(chunkElements / work));
  if (wanted >= rows) return rows;
  const even = Math.ceil(rows / Math.ceil(rows / wanted));
  const unit = wanted < 8 ? multiple : 8;
  return Math.ceil(even / unit) * unit;
}
