/** A schedule: what a program does, step by step, over which buffers. */
import type { FunctionRef, ModuleBuilder } from "../wasm/assembler.ts";
import type { Combine, KernelCall, Node } from "./graph.ts";
import type { Access, Lane, LaneAlgebra } from "./lanes.ts";
import type { LoopAttrs } from "./loop.ts";

export type BufferKind = "input" | "constant" | "output" | "temporary";

/** A stretch of memory. Everything is stored as doubles; truth values as 0 and 1. */
export interface Buffer {
  readonly id: number;
  kind: BufferKind;
  /** Doubles. */
  size: number;
  readonly data?: Float64Array;
  /** What it holds, for the printed program. */
  readonly label: string;
  /** Steps between which the contents matter. */
  firstStep: number;
  lastStep: number;
}

export interface Store {
  readonly value: Lane;
  readonly target: Access;
}
export interface Accumulation extends Store {
  readonly combine: Combine;
}
/** Adds each value at the address found through `target.index`. */
export type Scatter = Store;

export interface Nest {
  readonly kind: "nest";
  readonly dims: readonly number[];
  readonly algebra: LaneAlgebra;
  readonly stores: readonly Store[];
  readonly accumulations: readonly Accumulation[];
  readonly scatters: readonly Scatter[];
  /** Nodes computed here, for printing. */
  readonly members: readonly Node[];
}
/** Nests and calls over the same rows, which all run on one chunk of rows before the next. */
export interface Strip {
  readonly kind: "strip";
  readonly rows: number;
  readonly chunk: number;
  readonly steps: readonly (Nest | Call)[];
  /** Buffers that hold one chunk. */
  readonly local: ReadonlySet<number>;
}
export interface Call {
  readonly kind: "call";
  readonly call: KernelCall;
  readonly operands: readonly number[];
  readonly node: Node;
  /** Elements between rows in each operand, for a call that may run on a chunk of rows, of which `dims` has the number first. */
  readonly rowStrides?: readonly number[];
}
/** Fills a buffer before something is added into it. */
export interface Fill {
  readonly kind: "fill";
  readonly buffer: number;
  readonly value: number;
}

/** A schedule of its own inside of a step. Its buffers are those of the schedule around it, or lie in the workspace of the step. */
export interface Inner {
  readonly schedule: Schedule;
  /** Buffer of the schedule around it, by buffer of this one. */
  readonly outside: ReadonlyMap<number, number>;
  /** Bytes from the beginning of the workspace, for the others. */
  readonly offsets: readonly number[];
}
/** What the functions of loops and branches are emitted into. */
export interface LoopEnvironment {
  readonly builder: ModuleBuilder;
  /** Address of a buffer of the schedule that the step belongs to. */
  readonly address: (buffer: number) => number;
  readonly tableAddress: (table: Float64Array) => number;
  readonly literalAddress: (x: number) => number;
  /** Functions that run a schedule inside, with its buffers at the given addresses. */
  readonly parts: (inner: Inner, address: (buffer: number) => number) => FunctionRef[];
  /** A name that no other function has. */
  readonly name: (kind: string) => string;
}

/** A loop over a schedule. */
export interface Loop {
  readonly kind: "loop";
  readonly attrs: LoopAttrs;
  /** Buffers of the node's inputs, its result, and where the body works. */
  readonly operands: readonly number[];
  readonly target: number;
  readonly work: { readonly workspace: number; readonly body: Inner; readonly test?: Inner } | Packed;
  readonly node: Node;
  readonly emit: (env: LoopEnvironment) => FunctionRef;
}
/** The body of a loop as expressions over what is carried in registers. */
export interface Packed {
  readonly algebra: LaneAlgebra;
  /** Where the slots of the algebra come from, by number. */
  readonly slots: readonly Slot[];
  /** What is carried to the next step, in pairs, and the slots that hold it; what each step stores, in pairs. */
  readonly next: readonly (readonly Lane[])[];
  readonly carried: readonly (readonly number[])[];
  readonly results: readonly (readonly Lane[])[];
  readonly test?: Lane;
}
/** Element pair `at`, `at + 1` of operand number `operand`, in the row of the step if it has rows; one number in both halves if `single`. */
export interface Slot {
  readonly kind: "carry" | "row" | "closure";
  readonly operand: number;
  readonly at: number;
  readonly single: boolean;
}
/** One of several schedules. */
export interface Branch {
  readonly kind: "branch";
  readonly operands: readonly number[];
  readonly target: number;
  readonly workspace: number;
  readonly branches: readonly Inner[];
  readonly node: Node;
  readonly emit: (env: LoopEnvironment) => FunctionRef;
}
export type Step = Nest | Strip | Call | Fill | Loop | Branch;

export interface Schedule {
  readonly steps: readonly Step[];
  readonly buffers: readonly Buffer[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Makes a buffer in a schedule that is being built; gives its number. */
export type NewBuffer = (kind: BufferKind, size: number, label: string, data?: Float64Array) => number;

/**
 * Makes the step of a loop or branch: its node, the buffers of its inputs and of its result, and what makes buffers and schedules.
 * @throws NotCompilable when there is something inside that only the interpreter can do.
 */
export type PlanStep = (
  node: Node,
  operands: readonly number[],
  target: number,
  newBuffer: NewBuffer,
  schedule: (order: readonly Node[], inputs: readonly Node[], outputs: readonly Node[]) => Schedule,
) => Loop | Branch;

/** The operands of a step that is not a loop nest, and its result. */
export function buffersOf(step: Exclude<Step, Nest | Strip>): number[] {
  if (step.kind === "fill") return [step.buffer];
  if (step.kind === "call") return [...step.operands];
  const work = step.kind === "branch" ? [step.workspace] : "workspace" in step.work ? [step.work.workspace] : [];
  return [...step.operands, step.target, ...work];
}

/** The steps of a schedule and of the schedules inside of them. */
export function allSteps(schedule: Schedule): Step[] {
  return schedule.steps.flatMap((step) => [
    step,
    ...(step.kind === "strip" ? step.steps : []),
    ...innerOf(step).flatMap((inner) => allSteps(inner.schedule)),
  ]);
}

/** The schedules inside of a step. */
function innerOf(step: Step): readonly Inner[] {
  if (step.kind === "branch") return step.branches;
  if (step.kind !== "loop" || !("workspace" in step.work)) return [];
  return step.work.test ? [step.work.body, step.work.test] : [step.work.body];
}

/** Expressions that a step computes. */
export function lanesOf(step: Step): readonly Lane[] {
  if (step.kind === "nest") return step.algebra.lanes;
  return step.kind === "loop" && "algebra" in step.work ? step.work.algebra.lanes : [];
}
