/** What a plate does to the sites inside it. */
import type { Shape } from "../compiler/graph.ts";
import { broadcastTo, take } from "../tensor/shape.ts";
import { broadcastShapes, formatShape } from "../tensor/shapes.ts";
import { asTensor, fromData, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { formatPlates, type Message, type PlateFrame, siteLabel } from "./message.ts";
import { ModelError } from "./modelError.ts";
import { multiplyScales } from "./scaling.ts";
import type { Handler } from "./stack.ts";

/** What the function inside a plate is given. */
export interface PlateScope {
  readonly name: string;
  /** Rows there are. */
  readonly size: number;
  /** Rows present. */
  readonly subsampleSize: number;
  /** The batch axis of the plate: -1, -2, … */
  readonly dim: number;
  /** Numbers of the rows present, int32. */
  readonly indices: Tensor;
  /**
   * Picks the rows present from data that have all of them; data that don't have the axis, or length 1 there, are
   * shared by the rows and returned unchanged.
   *
   * @param eventDim - rightmost axes of the data that belong to one row (default 0); 1 for a design matrix `[rows, columns]`
   * @throws ModelError naming the plate if the axis has another length.
   */
  readonly subsample: (data: TensorLike, eventDim?: number) => Tensor;
}

/** @param indices - rows present; undefined when they all are */
export function plateScope(frame: PlateFrame, indices: Tensor | undefined): PlateScope {
  const { name, dim, size, fullSize } = frame;
  return {
    name,
    size: fullSize,
    subsampleSize: size,
    dim,
    get indices(): Tensor {
      return (
        indices ??
        fromData(
          Int32Array.from({ length: size }, (_, i) => i),
          [size],
        )
      );
    },
    subsample: (data, eventDim = 0) => takeRows(frame, indices, asTensor(data), eventDim, "subsample: the data"),
  };
}

/** Adds the plate to every message; broadcasts distributions and factors; scales for the rows that are absent. */
export function plateHandler(frame: PlateFrame, indices: Tensor | undefined): Handler {
  const scale = frame.fullSize / frame.size;
  const applies = (msg: Message): boolean => msg.infer.blockPlates?.includes(frame.name) !== true;
  return {
    name: `plate "${frame.name}"`,
    seesHidden: true,
    process(msg) {
      if (!applies(msg)) return;
      msg.plates = [...msg.plates, frame];
      if (msg.kind === "sample") {
        msg.distribution = msg.distribution.expand(
          broadcastToPlates(msg, msg.distribution.batchShape, "its distribution"),
        );
      } else if (msg.kind === "factor") {
        msg.value = broadcastTo(msg.value!, broadcastToPlates(msg, msg.value!.shape, "its value"));
      }
      if ((msg.kind === "sample" || msg.kind === "factor" || msg.kind === "param") && scale !== 1) {
        msg.scale = multiplyScales(msg.scale, scale);
      }
    },
    postprocess(msg) {
      if (msg.kind !== "param" || msg.eventDim === undefined || !applies(msg)) return;
      msg.value = takeRows(frame, indices, msg.value!, msg.eventDim, siteLabel(msg));
    },
  };
}

/** The batch shape that the plates of a message make of `shape`. */
function broadcastToPlates(msg: Message, shape: Shape, what: string): Shape {
  for (const plate of msg.plates) {
    const length = shape[shape.length + plate.dim] ?? 1;
    if (length === 1 || length === plate.size) continue;
    throw new ModelError(
      msg.name,
      `${siteLabel(msg)}: ${what} has batch shape ${formatShape(shape)}, ${length} along axis ${plate.dim}, which is the axis of ${formatPlates([plate])}. ${advice(plate, shape)}`,
    );
  }
  const rank = Math.max(...msg.plates.map((plate) => -plate.dim));
  const plateShape = new Array<number>(rank).fill(1);
  for (const plate of msg.plates) plateShape[rank + plate.dim] = plate.size;
  return broadcastShapes(shape, plateShape);
}

function advice(plate: PlateFrame, shape: Shape): string {
  const length = shape[shape.length + plate.dim]!;
  if (plate.size !== plate.fullSize && length === plate.fullSize) {
    return `The plate holds ${plate.size} of its ${plate.fullSize} rows: pick them from the arguments, plate("${plate.name}", ${plate.fullSize}, ({ subsample }) => … subsample(x) …).`;
  }
  const other = shape.findIndex((n, d) => n === plate.size && d !== shape.length + plate.dim);
  if (plate.dim < -1 && other >= 0) {
    return (
      `Of nested plates, the outermost has the rightmost axis (-1), the next one -2. Axis ${other - shape.length} has the length ${plate.size}: ` +
      "transpose the arguments, nest the plates the other way round, or give { dim } to the outer plate."
    );
  }
  return (
    `If axis ${plate.dim} belongs to one row, make it part of the event with .toEvent(1); ` +
    `if the plate is another axis, say so with { dim: ${plate.dim - 1} }; otherwise the plate's size has to be ${length}.`
  );
}

/** Rows of `value` along the plate's axis, which is counted from the left of its `eventDim` rightmost axes. */
function takeRows(
  frame: PlateFrame,
  indices: Tensor | undefined,
  value: Tensor,
  eventDim: number,
  what: string,
): Tensor {
  const axis = value.rank - eventDim + frame.dim;
  if (axis < 0) return value;
  const length = value.shape[axis]!;
  if (length === 1) return value;
  if (length !== frame.fullSize) {
    throw new ModelError(
      frame.name,
      `plate "${frame.name}": ${what} of shape ${formatShape(value.shape)} has length ${length} along axis ${axis - value.rank}, but the plate has ${frame.fullSize} rows. ` +
        `If the rightmost axes belong to one row, say how many: eventDim is ${eventDim}.`,
    );
  }
  return indices === undefined ? value : take(value, indices, axis);
}
