/** Whether values and masks fit a site: its batch, event and plates, and the support of its distribution. */
import type { Shape } from "../compiler/graph.ts";
import { broadcastTo } from "../tensor/shape.ts";
import { formatShape, sameShape } from "../tensor/shapes.ts";
import { hasValue, type Tensor } from "../tensor/tensor.ts";
import { type FactorMessage, formatPlates, type SampleMessage, siteLabel } from "./message.ts";
import { ModelError } from "./modelError.ts";

/**
 * The value broadcast to the shape of the site. Its event axes have to be there; batch axes may be missing or have length 1.
 * The tensor itself is returned when nothing has to be done.
 *
 * @throws ModelError naming the site, its shapes and plates, and the way out.
 */
export function fitToSite(msg: SampleMessage, value: Tensor): Tensor {
  const { batchShape, eventShape } = msg.distribution;
  const shape = [...batchShape, ...eventShape];
  if (sameShape(value.shape, shape) || msg.infer.enumDim !== undefined) return value;
  const batchRank = value.rank - eventShape.length;
  const what = msg.observed ? "the observed value" : "the value";
  const site = `batch shape ${formatShape(batchShape)}, event shape ${formatShape(eventShape)}, in ${formatPlates(msg.plates)}`;
  if (batchRank < 0 || !sameShape(value.shape.slice(batchRank), eventShape)) {
    throw new ModelError(
      msg.name,
      `${siteLabel(msg)}: ${what} has shape ${formatShape(value.shape)}, but its rightmost axes have to be the event shape of ${msg.distribution.name} (${site}).`,
    );
  }
  const batch = value.shape.slice(0, batchRank);
  if (!broadcastsTo(batch, batchShape)) {
    throw new ModelError(
      msg.name,
      `${siteLabel(msg)}: ${what} has shape ${formatShape(value.shape)}, but the site has shape ${formatShape(shape)} (${site}). ${advice(msg, batch)}`,
    );
  }
  return broadcastTo(value, shape);
}

function advice(msg: SampleMessage, batch: Shape): string {
  const { batchShape } = msg.distribution;
  const subsampled = msg.plates.find((p) => p.size !== p.fullSize && batch[batch.length + p.dim] === p.fullSize);
  if (subsampled !== undefined) {
    const { name, size, fullSize } = subsampled;
    return `The plate holds ${size} of its ${fullSize} rows: pick them, plate("${name}", ${fullSize}, ({ subsample }) => … { obs: subsample(y) }).`;
  }
  if (msg.plates.length > 1 && isPermuted(batch, batchShape)) {
    const outer = msg.plates.at(-1)!;
    return (
      `Its axes are in another order. Of nested plates, the outermost, "${outer.name}", has the rightmost axis (-1), the next one -2: ` +
      `transpose the data, nest the plates the other way round, or give plate "${outer.name}" { dim: ${-msg.plates.length} }.`
    );
  }
  const wrong = msg.plates.find((p) => batch.length + p.dim >= 0 && batch[batch.length + p.dim] !== p.size);
  if (wrong !== undefined) {
    return `There are ${batch[batch.length + wrong.dim]} values along axis ${wrong.dim} for the ${wrong.size} rows of plate "${wrong.name}": give the plate the size of the data.`;
  }
  if (batch.length <= batchShape.length) return "Check which axis of the data is which.";
  const size = batch[batch.length - batchShape.length - 1];
  return (
    `A distribution of one value met several: put the statement into a plate, plate("data", ${size}, () => sample("${msg.name}", …)), ` +
    "or, if the values are one joint draw, use .expand(shape).toEvent(1)."
  );
}

const isPermuted = (a: Shape, b: Shape): boolean => sameShape([...a].sort(), [...b].sort());

function broadcastsTo(from: Shape, to: Shape): boolean {
  return from.length <= to.length && from.every((n, d) => n === 1 || n === to[to.length - from.length + d]);
}

/** @throws ModelError naming the site if its mask doesn't broadcast to its batch. */
export function maskFits(msg: SampleMessage | FactorMessage, batchShape: Shape): void {
  if (msg.mask === undefined || broadcastsTo(msg.mask.shape, batchShape)) return;
  throw new ModelError(
    msg.name,
    `${siteLabel(msg)}: its mask has shape ${formatShape(msg.mask.shape)}, which doesn't broadcast to the batch shape ${formatShape(batchShape)} (${formatPlates(msg.plates)}). ` +
      "A mask covers batch axes only, not those of the event.",
  );
}

/** Has the distribution check an observed value, masked entries left out, as far as it is known. */
export function checkObserved(msg: SampleMessage, value: Tensor): void {
  if (!hasValue(value)) return;
  const distribution = msg.mask === undefined ? msg.distribution : msg.distribution.mask(msg.mask);
  distribution.checkObservation?.(value, msg.name);
}
