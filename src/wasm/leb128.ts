/** Append `x`, an integer in [0, 2^32), as unsigned LEB128. */
export function pushUnsigned(out: number[], x: number): void {
  let rest = x >>> 0;
  while (rest > 0x7f) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
}

/** Append `x`, an integer in [-2^31, 2^32) taken modulo 2^32, as signed LEB128. */
export function pushSigned(out: number[], x: number): void {
  let rest = x | 0;
  while (rest < -64 || rest > 63) {
    out.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  out.push(rest & 0x7f);
}

/** Append `x`, taken modulo 2^64, as signed LEB128. */
export function pushSigned64(out: number[], x: bigint): void {
  let rest = BigInt.asIntN(64, x);
  while (rest < -64n || rest > 63n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest & 0x7fn));
}

/** Pieces of the binary format one after the other. */
export function joinBytes(pieces: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Sequential reader of the binary format. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw new RangeError(`WebAssembly module ends early, at byte ${this.at}.`);
    return this.bytes[this.at++]!;
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new RangeError(`WebAssembly module ends early, at byte ${this.bytes.length}.`);
    const slice = this.bytes.subarray(this.at, end);
    this.at = end;
    return slice;
  }

  unsigned(): number {
    let x = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      x |= (b & 0x7f) << shift;
      if (b < 0x80) return x >>> 0;
    }
  }

  signed64(): bigint {
    let x = 0n;
    let shift = 0n;
    for (;;) {
      const b = this.byte();
      x |= BigInt(b & 0x7f) << shift;
      shift += 7n;
      if (b < 0x80) return BigInt.asIntN(64, b & 0x40 ? x - (1n << shift) : x);
    }
  }

  signed(): number {
    return Number(this.signed64());
  }

  f64(): number {
    const b = this.take(8);
    return new DataView(b.buffer, b.byteOffset, 8).getFloat64(0, true);
  }

  f32(): number {
    const b = this.take(4);
    return new DataView(b.buffer, b.byteOffset, 4).getFloat32(0, true);
  }

  text(): string {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }
}
