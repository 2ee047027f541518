/** Loops and branches by the reference evaluators of their bodies. */
import type { Attrs, TypedArray, Value } from "../compiler/graph.ts";
import { branchAttrs, layoutOf, loopAttrs, type Segment } from "../compiler/loop.ts";
import { sizeOf } from "../compiler/shapes.ts";

/** Runs a loop with the reference evaluators of its body. */
export function evaluateLoop(inputs: readonly Value[], attrs: Attrs): Float64Array {
  const { trips, length, reverse, carries, rows, body, test, views } = loopAttrs(attrs);
  const layout = layoutOf(loopAttrs(attrs));
  const out = new Float64Array(layout.total);
  const step = body.evaluator();
  const goesOn = test?.evaluator();
  const count = trips === "counted" ? inputs.at(-1)!.data[0]! : length;
  const closures = inputs.slice(carries + rows, trips === "counted" ? -1 : undefined).map((x) => x.data);
  const stacked = inputs.slice(carries, carries + rows).map((x) => x.data);
  const rowSizes = body.inputs.slice(carries, carries + rows).map((x) => sizeOf(x.shape));
  let carried: TypedArray[] = inputs.slice(0, carries).map((x) => x.data);
  let done = 0;
  const holds = (): boolean => goesOn === undefined || goesOn([...carried, ...closures])[0]![0] !== 0;
  for (; done < count && holds(); done++) {
    const at = reverse ? count - 1 - done : done;
    const store = (segments: readonly Segment[], values: readonly TypedArray[]): void => {
      values.forEach((x, k) => {
        if (segments[k]!.size > 0) out.set(x, segments[k]!.start + at * x.length);
      });
    };
    const row = stacked.map((x, k) => {
      const start = (views?.[k]?.offset ?? 0) + (views?.[k]?.backwards ? length - 1 - at : at) * rowSizes[k]!;
      return x.subarray(start, start + rowSizes[k]!);
    });
    const results = step([...carried, ...row, ...closures]);
    store(layout.records, carried);
    carried = results.slice(0, carries);
    store(layout.results, results.slice(carries));
  }
  const unfinished = trips === "tested" && done === length && holds();
  carried.forEach((x, k) => {
    const { start, size } = layout.finals[k]!;
    out.set(x, start);
    if (unfinished) out.fill(Number.NaN, start, start + size);
  });
  if (layout.count) out[layout.count.start] = done;
  return out;
}

/** Runs the branch that the first input names. */
export function evaluateBranch(inputs: readonly Value[], attrs: Attrs): Float64Array {
  const { branches } = branchAttrs(attrs);
  const [index, ...closures] = inputs;
  const results = branches[index!.data[0]!]!.evaluator()(closures.map((x) => x.data));
  const out = new Float64Array(results.reduce((n, x) => n + x.length, 0));
  let at = 0;
  for (const x of results) {
    out.set(x, at);
    at += x.length;
  }
  return out;
}
