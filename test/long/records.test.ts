/** The properties of the records, on twenty times as many cases. */
import "../ops/compiled.test.ts";
import "../ops/derivatives.test.ts";
import "../ops/values.test.ts";
