/** Programs for people: what is computed in which loop, from which line of the model. */
import type { Compiled } from "./compile.ts";
import type { Node } from "./graph.ts";
import type { Access, Lane } from "./lanes.ts";
import { formatShape } from "./shapes.ts";
import type { Branch, Buffer, Inner, Loop, Nest, Step } from "./steps.ts";

/**
 * The graph as text, one operation a line with its shape and the source line it was traced at.
 * @example console.log(printGraph([loss.node]));
 */
export function printGraph(order: readonly Node[]): string {
  return order
    .map(
      (node) =>
        `${`%${node.id} = ${node.op.name}(${node.inputs.map((x) => `%${x.id}`).join(", ")})`.padEnd(36)} ${describe(node)}`,
    )
    .join("\n");
}
const describe = (node: Node): string =>
  [
    node.dtype === "float64" ? "" : node.dtype,
    formatShape(node.shape),
    node.op.name === "input" ? String(node.attrs.name) : "",
    node.origin?.line ?? "",
  ]
    .filter((part) => part !== "")
    .join("  ");

/** The schedule as text: each loop nest with its expressions, each kernel call, and where results go. */
export function printProgram({ schedule, program }: Pick<Compiled, "schedule" | "program">): string {
  const constants = schedule.buffers.filter((b) => b.kind === "constant");
  const head = [
    ...program.inputs.map((p) => `input ${p.name} ${formatShape(p.shape)}`),
    `constants: ${constants.length} arrays, ${constants.reduce((n, b) => n + b.size, 0)} numbers`,
    `memory: ${program.bytes} bytes, code: ${program.code.length} bytes`,
  ];
  return [...head, ...schedule.steps.map((step) => printStep(step, schedule.buffers))].join("\n");
}

function printStep(step: Step, buffers: readonly Buffer[]): string {
  const name = (id: number): string => buffers[id]!.label;
  if (step.kind === "fill") return `fill ${name(step.buffer)} with ${step.value}`;
  if (step.kind === "call") {
    const operands = step.operands.map(name);
    return `${operands.at(-1)} = ${step.call.kernel.name}(${[...operands.slice(0, -1), ...step.call.dims].join(", ")})${lines([step.node])}`;
  }
  if (step.kind === "strip") {
    const steps = step.steps.map((inner) => indented(printStep(inner, buffers)));
    return [`${step.rows} rows, ${step.chunk} at a time:`, ...steps].join("\n");
  }
  if (step.kind === "loop" || step.kind === "branch") return printInner(step, name);
  return printNest(step, name);
}

const indented = (text: string): string => text.replaceAll(/^/gm, "  ");

/** A loop or a branch, with what runs inside of it indented. */
function printInner(step: Loop | Branch, name: (id: number) => string): string {
  const steps = ({ schedule }: Inner): string =>
    schedule.steps.map((s) => indented(printStep(s, schedule.buffers))).join("\n");
  const call = `${name(step.target)} = ${step.kind}(${step.operands.map(name).join(", ")})`;
  if (step.kind === "branch") {
    return [`${call}${lines([step.node])}`, ...step.branches.map((inner, i) => `case ${i}:\n${steps(inner)}`)].join(
      "\n",
    );
  }
  const { trips, length, reverse } = step.attrs;
  const head = `${call}, ${trips === "fixed" ? "" : "at most "}${length} steps${reverse ? " backwards" : ""}${lines([step.node])}`;
  if ("workspace" in step.work) return `${head}:\n${steps(step.work.body)}`;
  const { algebra, next, results } = step.work;
  const text = (lane: Lane): string =>
    lane.op === "constant" ? String(lane.constant) : lane.op === "slot" ? `s${lane.place}` : `v${lane.id}`;
  const body = algebra.lanes
    .filter((lane) => lane.op !== "constant" && lane.op !== "slot")
    .map((lane) => `v${lane.id} = ${lane.op}(${lane.args.map(text).join(", ")})`);
  const ends = [...next, ...results].map((lanes) => `-> ${lanes.map(text).join(", ")}`);
  return [`${head}:`, ...[...body, ...ends].map(indented)].join("\n");
}

function printNest(nest: Nest, name: (id: number) => string): string {
  const index = (access: Access): string => {
    const terms = access.strides.flatMap((s, d) => (s === 0 ? [] : [s === 1 ? letters[d]! : `${s}${letters[d]}`]));
    if (access.index) terms.push(index(access.index));
    if (access.offset !== 0 || terms.length === 0) terms.push(String(access.offset));
    return `${name(access.buffer)}[${terms.join(" + ")}]`;
  };
  const used = usedLanes(nest);
  const text = (lane: Lane): string => {
    if (lane.op === "constant") return String(lane.constant);
    if (lane.op === "load") return index(lane.access!);
    return `v${lane.id}`;
  };
  const body = nest.algebra.lanes
    .filter((lane) => used.has(lane) && lane.op !== "constant" && lane.op !== "load")
    .map((lane) => `  v${lane.id} = ${lane.op}(${lane.args.map(text).join(", ")})`);
  const ends = [
    ...nest.stores.map((s) => `  ${index(s.target)} = ${text(s.value)}`),
    ...nest.accumulations.map((a) => `  ${index(a.target)} ${a.combine}= ${text(a.value)}`),
    ...nest.scatters.map((s) => `  ${index(s.target)} += ${text(s.value)}`),
  ];
  const loops = nest.dims.map((n, d) => `for ${letters[d]} < ${n}`).join(", ");
  return [`${loops || "once"}:${lines(nest.members)}`, ...body, ...ends].join("\n");
}
const letters = "ijklmnopqrst";

function usedLanes(nest: Nest): ReadonlySet<Lane> {
  const used = new Set<Lane>();
  const visit = (lane: Lane): void => {
    if (used.has(lane)) return;
    used.add(lane);
    lane.args.forEach(visit);
  };
  for (const root of [...nest.stores, ...nest.accumulations, ...nest.scatters]) visit(root.value);
  return used;
}

/** The source lines that a step comes from. */
function lines(nodes: readonly Node[]): string {
  const places = new Set(nodes.flatMap((node) => node.origin?.line ?? []));
  return places.size > 0 ? `   # ${[...places].join(", ")}` : "";
}
