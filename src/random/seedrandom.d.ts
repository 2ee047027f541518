/** The generator alone; the package's main file adds six others. */
declare module "seedrandom/seedrandom.js" {
  import seedrandom from "seedrandom";

  export default seedrandom;
}
