/** Fourier transforms for autocovariances. */
import { cos, sin } from "../../src/wasm/numberFunctions.ts";

interface Twiddles {
  readonly cosine: Float64Array;
  readonly sine: Float64Array;
  readonly reversed: Uint32Array;
}

// Sizes are powers of two, so there are few of them.
const twiddleCache = new Map<number, Twiddles>();

function twiddlesOf(size: number): Twiddles {
  const cached = twiddleCache.get(size);
  if (cached !== undefined) return cached;
  const cosine = new Float64Array(size / 2);
  const sine = new Float64Array(size / 2);
  for (let k = 0; k < size / 2; k++) {
    const angle = (2 * Math.PI * k) / size;
    cosine[k] = cos(angle);
    sine[k] = sin(angle);
  }
  const reversed = new Uint32Array(size);
  for (let i = 1; i < size; i++) reversed[i] = (reversed[i >> 1] >> 1) | (i & 1 ? size >> 1 : 0);
  const twiddles = { cosine, sine, reversed };
  twiddleCache.set(size, twiddles);
  return twiddles;
}

/**
 * Discrete Fourier transform Σ x_j exp(−2πi jk/size) in place, radix 2 (Cooley & Tukey 1965).
 *
 * Own sine and cosine make its bits the same on every engine.
 *
 * @param re real parts; its length must be a power of two, at least 2.
 * @param im imaginary parts, of the same length.
 */
export function fourierTransform(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  const { cosine, sine, reversed } = twiddlesOf(size);
  for (let i = 0; i < size; i++) {
    const j = reversed[i];
    if (j > i) {
      const r = re[i];
      re[i] = re[j];
      re[j] = r;
      const s = im[i];
      im[i] = im[j];
      im[j] = s;
    }
  }
  // The first stage has no rotations.
  for (let a = 0; a < size; a += 2) {
    const r = re[a + 1];
    const i = im[a + 1];
    re[a + 1] = re[a] - r;
    im[a + 1] = im[a] - i;
    re[a] += r;
    im[a] += i;
  }
  for (let half = 2; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const c = cosine[k * stride];
        const s = sine[k * stride];
        const a = start + k;
        const b = a + half;
        const r = re[b] * c + im[b] * s;
        const i = im[b] * c - re[b] * s;
        re[b] = re[a] - r;
        im[b] = im[a] - i;
        re[a] += r;
        im[a] += i;
      }
    }
  }
}
