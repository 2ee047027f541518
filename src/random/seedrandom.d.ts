/** The generator alone; the package's main file adds six others. */
declare module "seedrandom/seedrandom.js" {
  export { default } from "seedrandom";
}
