/** From outputs and inputs to a program, by a compiler that has the parts it is given. */
import { emit } from "./emit.ts";
import type { Node, StepLowering } from "./graph.ts";
import type { CompilerParts } from "./parts.ts";
import type { Program } from "./program.ts";
import { schedule } from "./schedule.ts";
import { simplify, topological } from "./simplify.ts";
import type { Schedule } from "./steps.ts";

export interface Compiled {
  readonly program: Program;
  /** What was scheduled, for printing. */
  readonly schedule: Schedule;
  /** The simplified outputs, for the interpreter. */
  readonly outputs: readonly Node[];
}

/** As `compile`. @throws NotLoaded when the program needs a part that is not among them. */
export function compileWith(parts: CompilerParts, outputs: readonly Node[], inputs: readonly Node[]): Compiled {
  const simple = pruned(simplify(outputs, inputs), inputs);
  const plan = schedule(parts, topological(simple), inputs, simple);
  return { program: emit(plan, inputs, simple), schedule: plan, outputs: simple };
}

/** The outputs without what the loops in them compute in vain. */
function pruned(outputs: readonly Node[], inputs: readonly Node[]): readonly Node[] {
  const loop = topological(outputs).find(({ op }) => op.lowering.kind === "loop");
  return (loop?.op.lowering as StepLowering | undefined)?.prune?.(outputs, inputs) ?? outputs;
}
