/** The reference figures that lie beside the repository, in ../shared/posteriors; they are not part of the project. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LogDensity } from "lapilli";
import type { Posterior, StanData } from "./posterior.ts";

const root = fileURLToPath(new URL("../../../shared/posteriors/", import.meta.url));

/** Whether the references of a posterior are there. */
export const hasReference = (name: string): boolean => existsSync(`${root}${name}/data.json`);

const read = <T>(name: string, file: string): T => JSON.parse(readFileSync(`${root}${name}/${file}`, "utf8"));

/** Figures that belong to the project. */
function ownFile<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8"));
}

/** The posterior's data: the project's own if it has them, else the reference's; undefined if neither is there. */
export const dataOf = ({ name, ownData }: Posterior): StanData | undefined =>
  ownData ? ownData() : hasReference(name) ? read<StanData>(name, "data.json") : undefined;

/** Log density and gradient at one point of unconstrained coordinates, in the order of Stan's declarations. */
export interface Point {
  readonly unconstrained: readonly number[];
  /** Up to a constant. */
  readonly logDensity: number;
  readonly gradient: readonly number[];
}

export interface Points {
  /** Parameters in the order of Stan's declarations. */
  readonly parameters: readonly string[];
  readonly points: readonly Point[];
}

interface StanPoint {
  readonly constrained: Readonly<Record<string, number>>;
  readonly unconstrained: readonly number[];
  readonly lp_with_jacobian: number;
  readonly grad_with_jacobian: readonly number[];
}

const own: Readonly<Record<string, Points>> = ownFile("logDensityPoints.json");
const base = (entry: string): string => entry.replace(/\[.*/, "");

/** The project's own figures, else those beside the repository; undefined where there are none. */
export function referencePoints(name: string): Points | undefined {
  if (own[name]) return own[name];
  if (!hasReference(name)) return undefined;
  const { points } = read<{ points: readonly StanPoint[] }>(name, "logdensity.json");
  return {
    parameters: [...new Set(Object.keys(points[0]!.constrained).map(base))],
    points: points.map((p) => ({
      unconstrained: p.unconstrained,
      logDensity: p.lp_with_jacobian,
      gradient: p.grad_with_jacobian,
    })),
  };
}

/** Figures of one scalar; some may be unknown. */
export interface Moments {
  readonly mean?: number;
  readonly sd?: number;
  readonly q5?: number;
  readonly q50?: number;
  readonly q95?: number;
  /** Standard errors of the reference; absent when it is exact. */
  readonly mcse_mean?: number;
  readonly mcse_sd?: number;
  readonly mcse_q5?: number;
  readonly mcse_q50?: number;
  readonly mcse_q95?: number;
}

export type MomentsByName = Readonly<Record<string, Moments>>;

const ownMoments: Readonly<Record<string, { readonly parameters: MomentsByName }>> = ownFile("posteriorMoments.json");

/** Moments by element (`theta[0]`), exact where they are known; undefined where there are none. */
export function referenceMoments(name: string): MomentsByName | undefined {
  if (!ownMoments[name] && !hasReference(name)) return undefined;
  const file = existsSync(`${root}${name}/exact.json`) ? "exact.json" : "reference.json";
  const { parameters } = ownMoments[name] ?? read<{ readonly parameters: MomentsByName }>(name, file);
  const fromZero = (element: string): string => element.replace(/\[(\d+)\]/, (_, i) => `[${Number(i) - 1}]`);
  return Object.fromEntries(Object.entries(parameters).map(([element, moments]) => [fromZero(element), moments]));
}

/** For each coordinate of the model, its position in Stan's order: a model may meet its sites in another. */
export function stanOrder(ld: Pick<LogDensity, "sites" | "dim">, parameters: readonly string[]): Int32Array {
  const starts = new Map<string, number>();
  let next = 0;
  for (const parameter of parameters) {
    const site = ld.sites.find(({ name }) => name === parameter);
    if (!site) throw new Error(`The model has no site "${parameter}".`);
    starts.set(parameter, next);
    next += site.size;
  }
  const order = new Int32Array(ld.dim);
  for (const { name, offset, size } of ld.sites) {
    for (let i = 0; i < size; i++) order[offset + i] = starts.get(name)! + i;
  }
  return order;
}
