/** The switches of passes, as operations read them. */
export * from "../compiler/passes.ts";
