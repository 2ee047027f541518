/** Errors raised at a site of a model. */

/** Names the site at which a model failed; the original error, if another one lies behind it, is the `cause`. */
export class ModelError extends Error {
  /** Empty when the model failed before its first site. */
  readonly site: string;

  constructor(site: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ModelError";
    this.site = site;
  }
}

/** Any error as one that names the site. The label is put in front unless the text already names the site. */
export function atSite(site: string, label: string, error: unknown): ModelError {
  if (error instanceof ModelError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ModelError(site, text.includes(`"${site}"`) ? text : `${label}: ${text}`, { cause: error });
}
