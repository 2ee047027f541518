/**
 * Linear recurrences of the first order, c ← a c + u, by look-ahead.
 *
 * Done plainly, every step waits for the one before: a multiplication and an addition, some seven cycles. But c a few steps on is
 * a power of `a` times c, plus terms that wait for nothing: with d = u + a u₋₁ and f = d + a² d₋₂, c = f + a⁴ c₋₄. So
 * four elements cost the wait of one, and all is done in pairs.
 *
 * The terms are those of plain evaluation, summed in another order, each with at most three more roundings: where |a| ≤ 1 the error
 * is of the same size, n ε Σ |a|ᵏ |u₋ₖ|. Other coefficients, whose powers could overflow or vanish, NaN among them, go the plain way.
 */
import type { Code, Local } from "../code.ts";
import { advance, blockLoop, type Kernel, kernel } from "./kernel.ts";

/** Below this, powers of a coefficient are so small that products with them would lose what plain evaluation keeps. */
const smallest = 2 ** -60;

/** Bytes of the pair one step before a pair: its own older half, and the newer half of the pair before. */
const before: readonly number[] = Array.from({ length: 16 }, (_, i) => i + 8);

class Emitter {
  readonly #c: Code;
  readonly #reverse: boolean;
  /** Where the next coefficients and terms are read, and values written. */
  readonly #a: Local;
  readonly #u: Local;
  readonly #y: Local;
  readonly #varying: boolean;
  readonly #resets: boolean;
  /** The newest value, plainly. */
  readonly #last: Local;
  /** The newest pairs: of terms, of d, and two of values; of coefficients and of products of two, where they vary. */
  readonly #terms: Local;
  readonly #d: Local;
  readonly #values: readonly [Local, Local];
  readonly #factors: Local;
  readonly #squares: Local;

  constructor(
    c: Code,
    pointers: readonly [a: Local, u: Local, y: Local],
    last: Local,
    { varying, reverse, resets }: RecurrenceKind,
  ) {
    this.#c = c;
    [this.#a, this.#u, this.#y] = pointers;
    this.#last = last;
    this.#varying = varying;
    this.#reverse = reverse;
    this.#resets = resets;
    const vector = (): Local => c.local("v128");
    this.#terms = vector();
    this.#d = vector();
    this.#values = [vector(), vector()];
    this.#factors = vector();
    this.#squares = vector();
  }

  #move(steps: number): void {
    for (const p of this.#varying ? [this.#a, this.#u, this.#y] : [this.#u, this.#y])
      advance(this.#c, p, this.#reverse ? -8 * steps : 8 * steps);
  }
  /** Where pair 0 or 1 in the order of steps lies in a block that pointers are at. */
  #offset(j: number): number {
    return 16 * (this.#reverse ? 1 - j : j);
  }
  /** Makes a local of what is on the stack. */
  #let(): Local {
    const local = this.#c.local("v128");
    this.#c.set(local);
    return local;
  }
  #load(pointer: Local, j: number): Local {
    this.#c.get(pointer).load("v128.load", this.#offset(j));
    return this.#let();
  }
  #store(value: Local, j: number): void {
    this.#c.get(this.#y).get(value).store("v128.store", this.#offset(j));
  }
  #shifted(older: Local, pair: Local): Local {
    const [low, high] = this.#reverse ? [pair, older] : [older, pair];
    this.#c
      .get(low)
      .get(high)
      .op("i8x16.shuffle", ...before);
    return this.#let();
  }
  /** x + p y */
  #addProduct(x: Local, p: Local, y: Local): Local {
    this.#c.get(x).get(p).get(y).op("f64x2.mul").op("f64x2.add");
    return this.#let();
  }
  #product(x: Local, y: Local): Local {
    this.#c.get(x).get(y).op("f64x2.mul");
    return this.#let();
  }

  /** Begins again after `last`: everything before it is in it. */
  restart(): void {
    const c = this.#c;
    c.f64x2(0)
      .get(this.#last)
      .op("f64x2.replace_lane", this.#reverse ? 0 : 1)
      .tee(this.#terms)
      .tee(this.#d)
      .set(this.#values[1]);
    c.f64x2(0).set(this.#values[0]);
    if (this.#varying) c.f64x2(1).tee(this.#factors).set(this.#squares);
  }
  /** Takes the newest value out of the pairs. */
  readLast(): void {
    this.#c
      .get(this.#values[1])
      .op("f64x2.extract_lane", this.#reverse ? 0 : 1)
      .set(this.#last);
  }

  /** One step, plainly. Pointers are at the next elements, or after them in reverse. */
  step(): void {
    const c = this.#c;
    if (this.#reverse) this.#move(1);
    c.get(this.#y).get(this.#u).load("f64.load", 0);
    if (this.#resets) c.get(this.#u).load("f64.load", 0);
    c.get(this.#a).load("f64.load", 0).get(this.#last).op("f64.mul").op("f64.add");
    // The term alone where the coefficient is −0.
    if (this.#resets) {
      c.f64(1).get(this.#a).load("f64.load", 0).op("f64.copysign").f64(0).op("f64.lt");
      c.get(this.#a).load("f64.load", 0).f64(0).op("f64.eq").op("i32.and").op("select");
    }
    c.tee(this.#last).store("f64.store", 0);
    if (!this.#reverse) this.#move(1);
  }

  /** Four steps with one coefficient, of which `powers` are the first, second and fourth. */
  block([a, a2, a4]: readonly [Local, Local, Local]): void {
    if (this.#reverse) this.#move(4);
    const u = [0, 1].map((j) => this.#load(this.#u, j));
    const d = u.map((x, j) => this.#addProduct(x, a, this.#shifted(u[j - 1] ?? this.#terms, x)));
    const f = d.map((x, j) => this.#addProduct(x, a2, d[j - 1] ?? this.#d));
    const y = f.map((x, j) => this.#addProduct(x, a4, this.#values[j]!));
    this.#finish(u, d, y);
  }
  /** Four steps with coefficients of their own; plainly where one is out of range. */
  varyingBlock(): void {
    const c = this.#c;
    if (this.#reverse) this.#move(4);
    const a = [0, 1].map((j) => this.#load(this.#a, j));
    const sizes = a.map((x) => {
      c.get(x).op("f64x2.abs");
      return this.#let();
    });
    // A NaN may pass, as it makes the same values NaN either way, unless one after it begins again.
    for (const x of sizes) c.get(x);
    c.op("f64x2.pmin").f64x2(smallest).op("f64x2.lt");
    for (const x of sizes) c.get(x);
    if (this.#resets) c.op("f64x2.max").f64x2(1).op("f64x2.le").op("v128.not");
    else c.op("f64x2.pmax").f64x2(1).op("f64x2.gt");
    c.op("v128.or").op("v128.any_true").op("i32.eqz");
    c.if(
      () => {
        const u = [0, 1].map((j) => this.#load(this.#u, j));
        const squares = a.map((x, j) => this.#product(x, this.#shifted(a[j - 1] ?? this.#factors, x)));
        const fourth = squares.map((x, j) => this.#product(x, squares[j - 1] ?? this.#squares));
        const d = u.map((x, j) => this.#addProduct(x, a[j]!, this.#shifted(u[j - 1] ?? this.#terms, x)));
        const f = d.map((x, j) => this.#addProduct(x, squares[j]!, d[j - 1] ?? this.#d));
        const y = f.map((x, j) => this.#addProduct(x, fourth[j]!, this.#values[j]!));
        this.#finish(u, d, y);
        c.get(a[1]!).set(this.#factors).get(squares[1]!).set(this.#squares);
      },
      () => {
        this.readLast();
        if (this.#reverse) this.#move(-4);
        for (let i = 0; i < 4; i++) this.step();
        this.restart();
      },
    );
  }
  #finish(u: readonly Local[], d: readonly Local[], y: readonly Local[]): void {
    const c = this.#c;
    y.forEach((value, j) => this.#store(value, j));
    if (!this.#reverse) this.#move(4);
    c.get(u[1]!).set(this.#terms).get(d[1]!).set(this.#d);
    c.get(y[0]!).set(this.#values[0]).get(y[1]!).set(this.#values[1]);
  }
}

export interface RecurrenceKind {
  /** A coefficient for every step. */
  readonly varying: boolean;
  readonly reverse: boolean;
  /** A coefficient −0 begins again from the term, whatever the value was. */
  readonly resets: boolean;
}

function recurrence(kind: RecurrenceKind): Kernel {
  const { varying, reverse, resets } = kind;
  const name = `recurrence${varying ? "Varying" : ""}${reverse ? "Reverse" : ""}${resets ? "Resets" : ""}`;
  return kernel(name, ["init", "a", "u", "y", "n"], (c, p) => {
    const last = c.local("f64", "last");
    const i = c.local("i32", "i");
    const emitter = new Emitter(c, [p.a, p.u, p.y], last, kind);
    // The first value is stored before the first step's, or after it in reverse.
    if (reverse) {
      for (const end of varying ? [p.a, p.u, p.y] : [p.u, p.y])
        c.get(end).get(p.n).i32(3).op("i32.shl").op("i32.add").set(end);
    }
    c.get(p.y).get(p.init).load("f64.load", 0).tee(last).store("f64.store", 0);
    if (!reverse) advance(c, p.y, 8);
    if (varying) {
      emitter.restart();
      blockLoop(c, i, p.n, 4, () => emitter.varyingBlock());
      emitter.readLast();
    } else {
      const size = c.local("f64", "size");
      c.get(p.a).load("f64.load", 0).op("f64.abs").tee(size).f64(smallest).op("f64.ge");
      c.get(size).f64(1).op("f64.le").op("i32.and");
      c.if(() => {
        const powers = [c.local("v128"), c.local("v128"), c.local("v128")] as const;
        c.get(p.a).load("v128.load64_splat", 0).set(powers[0]);
        for (const k of [1, 2])
          c.get(powers[k - 1]!)
            .get(powers[k - 1]!)
            .op("f64x2.mul")
            .set(powers[k]!);
        emitter.restart();
        blockLoop(c, i, p.n, 4, () => emitter.block(powers));
        emitter.readLast();
      });
    }
    c.countedLoop(i, p.n, 1, () => emitter.step());
  });
}

/** All kinds: resets only where coefficients vary. */
export const recurrenceKinds: readonly RecurrenceKind[] = [false, true].flatMap((reverse) => [
  { varying: false, reverse, resets: false },
  { varying: true, reverse, resets: false },
  { varying: true, reverse, resets: true },
]);
const kernels = new Map(recurrenceKinds.map((kind) => [keyOf(kind), recurrence(kind)]));

/**
 * `recurrence(init, a, u, y, n)`: y of n + 1 doubles from y[0] = init, y[i + 1] = a y[i] + u[i], with one coefficient or, `varying`, n of
 * them; in `reverse` y[n] = init, y[i] = a y[i + 1] + u[i].
 */
export const recurrenceKernel = (kind: RecurrenceKind): Kernel => kernels.get(keyOf(kind))!;

function keyOf({ varying, reverse, resets }: RecurrenceKind): string {
  return `${varying} ${reverse} ${resets}`;
}
