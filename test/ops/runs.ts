/** How many cases a property is tried on: twenty times as many in `npm run test:long`. */
const { env } = import.meta as { env?: { MODE?: string } };

export const runs = (usual: number): { numRuns: number } => ({ numRuns: env?.MODE === "long" ? 20 * usual : usual });
