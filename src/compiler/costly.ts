/** Which elementwise operations are so costly that saving one is worth other work. */
import type { Node } from "./graph.ts";

/** Cost, in multiply-adds, from which an operation is worth an array of its results, a table, or a loop of its own. */
export const costly = 20;

/** Whether a node is an elementary function or as costly as one. */
export const isCostly = ({ op: { lowering } }: Node): boolean => lowering.kind === "map" && lowering.cost >= costly;
