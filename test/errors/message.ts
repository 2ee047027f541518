/** What a user reads when something goes wrong. */
import { dist, plate, sample, type TensorLike } from "lapilli";

/** Four lines of an ordinary terminal, and some for a path. */
const MOST_CHARACTERS = 680;

/** Gives TypeScript's blessing to what a user of plain JavaScript may write. */
// biome-ignore lint/suspicious/noExplicitAny: wrong arguments are the subject
export const wrong = (x: unknown): any => x;

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) throw new Error(`no Error was thrown, but ${String(error)}`);
  const { message } = error;
  if (message.split("\n").length > 4 || message.length > MOST_CHARACTERS) {
    throw new Error(`This message is too long (${message.length} characters):\n${message}`);
  }
  return message;
}

/** The message of the error that `f` throws, checked to be short enough to read. */
export function complaint(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return messageOf(error);
  }
  throw new Error("nothing was thrown");
}

/** Likewise for a promise. */
export async function rejection(promise: Promise<unknown>): Promise<string> {
  return messageOf(
    await promise.then(
      () => new Error("nothing was thrown"),
      (error: unknown) => error,
    ),
  );
}

export interface Schools {
  readonly y?: TensorLike | null | undefined;
  readonly sigma: TensorLike;
}

export const y: readonly number[] = [28, 8, -3, 7, -1, 1, 18, 12];
export const sigma: readonly number[] = [15, 10, 16, 11, 9, 11, 10, 18];

export const schools = (data: Schools): void => {
  const mu = sample("mu", dist.Normal(0, 5));
  const tau = sample("tau", dist.HalfCauchy(5));
  plate("school", 8, () => {
    const theta = sample("theta", dist.Normal(mu, tau));
    sample("y", dist.Normal(theta, data.sigma), { obs: data.y });
  });
};

/** `y` with its last entry replaced. */
export const withLast = (values: readonly number[], last: unknown): unknown[] => [...values.slice(0, -1), last];
