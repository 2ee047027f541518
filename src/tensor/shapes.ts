/** Shape arithmetic for the layers above. */
export { broadcastShapes, formatShape, normaliseAxes, sameShape, sizeOf } from "../compiler/shapes.ts";
