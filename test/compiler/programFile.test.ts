import { decodeProgram, dist, encodeProgram, instantiate, logDensity, sample } from "lapilli";
import { describe, expect, it } from "vitest";

const ld = logDensity(
  ({ y }: { y: number[] }) => {
    const mu = sample("mu", dist.Normal(0, 5).expand([3]));
    sample("y", dist.Normal(mu, 2), { obs: y });
  },
  { y: [1, -2, 0.5] },
);

describe("programs as bytes", () => {
  it("give the same bits after a round trip", () => {
    const read = instantiate(decodeProgram(encodeProgram(ld.program!)));
    const x = Float64Array.of(0.3, -1.7, 1e-3);
    const gradient = new Float64Array(3);
    const value = ld.valueAndGrad(x, gradient);
    read.input.set(x);
    read.run();
    expect([...read.output]).toEqual([value, ...gradient]);
  });

  it("are refused when they are something else, cut, or tampered with", () => {
    const bytes = encodeProgram(ld.program!);
    expect(() => decodeProgram(new Uint8Array([1, 2, 3]))).toThrow("Not a Lapilli program");
    expect(() => decodeProgram(new TextEncoder().encode("a text file, not a program"))).toThrow(
      "its header is no JSON",
    );
    expect(() => decodeProgram(bytes.subarray(0, bytes.length - 8))).toThrow("was the file cut?");
    const tampered = bytes.slice();
    tampered.fill(0xff, bytes.length - ld.program!.constants.length - 40, bytes.length - ld.program!.constants.length);
    expect(() => decodeProgram(tampered)).toThrow("does not validate");
  });
});
