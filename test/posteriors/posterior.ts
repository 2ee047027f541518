/** What a posterior of the collection is: a model as its user would write it, and how its data are read. */

/** Data in Stan's JSON conventions: matrices are lists of rows. */
export type StanData = Readonly<Record<string, number | readonly number[] | readonly (readonly number[])[]>>;

/** A posterior: a model and its data. Sites and deterministic sites have the names of the reference. */
export interface Posterior {
  /** Name of its folder in the collection. */
  readonly name: string;
  /** Present when the project can make the data itself. */
  readonly ownData?: () => StanData;
  /** The model with its data put in. */
  readonly bind: (json: StanData) => () => void;
}

/** @param prepare - picks the model's data from the JSON record */
export function posterior<Data>(
  name: string,
  prepare: (json: StanData) => Data,
  model: (data: Data) => void,
  ownData?: () => StanData,
): Posterior {
  return {
    name,
    bind: (json) => {
      const data = prepare(json);
      return () => model(data);
    },
    ...(ownData && { ownData }),
  };
}

/** The record as it is, for models whose data have the names of the file. */
export const asIs = <Data>(json: StanData): Data => json as unknown as Data;
