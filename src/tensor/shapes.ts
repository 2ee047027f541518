/** Shape arithmetic for the layers above. */
export { broadcastShapes, formatShape, indexAt, normaliseAxes, sameShape, sizeOf } from "../compiler/shapes.ts";
