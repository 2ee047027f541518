/** Definitions written out as JavaScript, with the same bits. */
import { type Algebra, STEPS, tableRoom } from "./algebra.ts";
import {
  copySign,
  exponentFrom,
  fieldPower,
  inverseScale,
  numberAlgebra,
  roundToEven,
  significandFrom,
} from "./numberAlgebra.ts";

/** A definition written once over every algebra, with any number of arguments. */
export type Definition = <V>(m: Algebra<V>, ...args: V[]) => V;

const helpers: Readonly<Record<string, (a: number, b: number) => number>> = {
  copySign,
  exponentFrom,
  fieldPower,
  inverseScale,
  roundToEven,
  significandFrom,
};

/**
 * Turns a definition into a plain function of `arity` numbers with the same bits as `numberAlgebra`.
 *
 * The definition runs once over an algebra whose values are names of local constants; the JavaScript it writes is straight-line
 * arithmetic on unboxed doubles. Calling a definition over `numberAlgebra` directly is 10 to 100 times slower as soon as another
 * algebra has passed through it, because every operation is then a polymorphic call that allocates its result.
 * Where a content security policy forbids generated code, the slow way is the fallback.
 *
 * @example
 * const twice = numberFunction((m, x) => m.add(x, x), 1);
 * twice(2); // 4
 */
export function numberFunction(definition: Definition, arity: 1): (x: number) => number;
export function numberFunction(definition: Definition, arity: 2): (x: number, y: number) => number;
export function numberFunction(definition: Definition, arity: number): (...args: number[]) => number;
export function numberFunction(definition: Definition, arity: number): (...args: number[]) => number {
  const { tables, body } = writeSource(definition, arity);
  const names = Object.keys(helpers);
  const tableNames = tables.map((_, i) => `t${i}`);
  try {
    const build = new Function(...names, ...tableNames, body);
    return build(...names.map((name) => helpers[name]), ...tables) as (...args: number[]) => number;
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    return (...args) => definition(numberAlgebra, ...args);
  }
}

/** A definition as JavaScript. */
export interface Source {
  /** The body of a function of the helpers and the tables that returns the compiled function. */
  readonly body: string;
  readonly tables: Float64Array[];
  /** Distinct operations: what the definition costs, in vector instructions, when the compiler inlines it. */
  readonly operations: number;
  /** Distinct constants: registers or loads. */
  readonly constants: number;
}

/**
 * Runs a definition of `arity` arguments over names of JavaScript constants.
 *
 * @example
 * writeSource((m, x) => m.add(x, x), 1).operations; // 1
 */
export function writeSource(definition: Definition, arity: number): Source {
  const lines: string[] = [];
  const names = new Map<string, string>();
  const constants = new Set<string>();
  const tables: Float64Array[] = [];
  /** Gives an expression a name; an expression that was seen before keeps its name. */
  const name = (expression: string): string => {
    let known = names.get(expression);
    if (known === undefined) {
      known = `v${names.size}`;
      names.set(expression, known);
      lines.push(`const ${known} = ${expression};`);
    }
    return known;
  };
  const entry = (table: Float64Array, steps: string): string => {
    if (!tables.includes(table)) tables.push(table);
    return `t${tables.indexOf(table)}[${steps} - ${STEPS} & ${tableRoom(table.length) - 1}]`;
  };
  const power = (steps: string, count: number): string => `fieldPower(${steps} - ${STEPS} >> ${Math.log2(count)})`;
  const algebra: Algebra<string> = {
    constant: (x) => {
      const literal = Object.is(x, -0) ? "(-0)" : x < 0 ? `(${x})` : `${x}`;
      constants.add(literal);
      return literal;
    },
    add: (a, b) => name(`${a} + ${b}`),
    sub: (a, b) => name(`${a} - ${b}`),
    mul: (a, b) => name(`${a} * ${b}`),
    div: (a, b) => name(`${a} / ${b}`),
    neg: (a) => name(`-${a}`),
    abs: (a) => name(`Math.abs(${a})`),
    sqrt: (a) => name(`Math.sqrt(${a})`),
    min: (a, b) => name(`${b} < ${a} ? ${b} : ${a}`),
    max: (a, b) => name(`${a} < ${b} ? ${b} : ${a}`),
    floor: (a) => name(`Math.floor(${a})`),
    ceil: (a) => name(`Math.ceil(${a})`),
    trunc: (a) => name(`Math.trunc(${a})`),
    nearest: (a) => name(`roundToEven(${a})`),
    copysign: (a, b) => name(`copySign(${a}, ${b})`),
    lt: (a, b) => name(`${a} < ${b}`),
    le: (a, b) => name(`${a} <= ${b}`),
    eq: (a, b) => name(`${a} === ${b}`),
    ne: (a, b) => name(`${a} !== ${b}`),
    and: (a, b) => name(`${a} && ${b}`),
    or: (a, b) => name(`${a} || ${b}`),
    not: (a) => name(`!${a}`),
    select: (condition, a, b) => name(`${condition} ? ${a} : ${b}`),
    exponent: (a, from) => name(`exponentFrom(${a}, ${from})`),
    mantissa: (a, from) => name(`significandFrom(${a}, ${from})`),
    inversePower: (a) => name(`1 / ${a}`),
    inverseScale: (a) => name(`inverseScale(${a})`),
    table: (table, steps) => name(entry(table, steps)),
    scale: (steps, count) => name(power(steps, count)),
    scaledTable: (table, steps) => name(`${entry(table, steps)} * ${power(steps, table.length)}`),
  };
  const parameters = Array.from({ length: arity }, (_, i) => `x${i}`);
  const result = definition(algebra, ...parameters);
  const body = `return (${parameters.join(", ")}) => {\n${lines.join("\n")}\nreturn ${result};\n};`;
  return { body, tables, operations: lines.length, constants: constants.size };
}
