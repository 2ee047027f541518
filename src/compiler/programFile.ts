/** Programs as bytes: to write to a file, put on a queue, or send over a network. */
import { type Port, type Program, validate } from "./program.ts";

/** What stands before the code and the constants, as JSON. */
interface Header {
  readonly format: string;
  readonly version: number;
  readonly codeBytes: number;
  readonly constantBytes: number;
  readonly constantsAt: number;
  readonly bytes: number;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/**
 * A program as one stretch of bytes: the length of the header (little-endian, 4 bytes), the header as JSON, code, constants.
 * @example writeFileSync("model.lapilli", encodeProgram(ld.program));
 */
export function encodeProgram(program: Program): Uint8Array<ArrayBuffer> {
  const { code, constants, ...rest } = program;
  const header: Header = { ...rest, codeBytes: code.length, constantBytes: constants.length };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const out = new Uint8Array(4 + text.length + code.length + constants.length);
  new DataView(out.buffer).setUint32(0, text.length, true);
  out.set(text, 4);
  out.set(code, 4 + text.length);
  out.set(constants, 4 + text.length + code.length);
  return out;
}

/**
 * The program in bytes that `encodeProgram` made; it gives the same numbers, bit for bit.
 * @throws TypeError when the bytes are no valid program, saying what is wrong with them.
 */
export function decodeProgram(bytes: Uint8Array): Program {
  const { codeBytes, constantBytes, ...rest } = readHeader(bytes);
  const start = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (bytes.length !== start + codeBytes + constantBytes) {
    throw new TypeError(
      `Not a Lapilli program: ${bytes.length} bytes, its header announces ${start + codeBytes + constantBytes}; was the file cut?`,
    );
  }
  const program = {
    ...rest,
    code: bytes.slice(start, start + codeBytes),
    constants: bytes.slice(start + codeBytes),
  } as Program;
  validate(program);
  return program;
}

function readHeader(bytes: Uint8Array): Header {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    return JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Header;
  } catch (cause) {
    throw new TypeError("Not a Lapilli program: its header is no JSON. Give the bytes that encodeProgram made.", {
      cause,
    });
  }
}
