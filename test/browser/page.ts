/** The script of the test pages: leaves what the tests ask for where they find it. */
import { sampleSchools } from "./schools.ts";

export interface Page {
  readonly sampleSchools: typeof sampleSchools;
  /** Whether a string can be run as code. */
  readonly canEvaluate: () => boolean;
}

const page: Page = {
  sampleSchools,
  canEvaluate() {
    try {
      new Function("");
      return true;
    } catch {
      return false;
    }
  },
};
Object.assign(globalThis, { page });
