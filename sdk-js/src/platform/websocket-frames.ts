// Frames of RFC 6455 as a client sees them: a pure reader and writer.
//
// Dangers: lengths come from the peer, so a message over the limit is refused
// before it is gathered; what a server may never send (masked frames,
// reserved bits, long or split control frames) ends the connection.

/** Longest message in bytes. */
export const maxMessageBytes = 16 * 1024 * 1024;

/** What a frame is. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** What a reader finds. Control frames come between the parts of a message. */
export type Incoming =
  | { kind: 'text'; text: string }
  | { kind: 'binary' }
  | { kind: 'ping'; payload: Buffer }
  | { kind: 'pong' }
  | { kind: 'close'; code: number; reason: string };

/** A peer that breaks the protocol; code is the close code that says so. */
export class FrameError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

interface Header {
  final: boolean;
  opcode: number;
  length: number;
  bytes: number;
}

/** Takes bytes as they arrive, gives whole messages. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private size = 0;
  /** With fewer bytes than this there is nothing new to find: chunks are not joined before. */
  private wanted = 2;
  private parts: Buffer[] = [];
  private partsBytes = 0;
  private partsOpcode: number | undefined;

  /** Returns what became complete. Throws FrameError; the reader is then of no further use. */
  push(chunk: Buffer): Incoming[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size < this.wanted) return [];
    let rest = Buffer.concat(this.chunks, this.size);
    const found: Incoming[] = [];
    for (;;) {
      const header = readHeader(rest);
      const end = header === undefined ? rest.length + 1 : header.bytes + header.length;
      if (header !== undefined && this.partsBytes + header.length > maxMessageBytes) throw tooLong();
      if (header === undefined || rest.length < end) {
        this.keep(rest, end);
        return found;
      }
      const incoming = this.frame(header, rest.subarray(header.bytes, end));
      if (incoming !== undefined) found.push(incoming);
      rest = rest.subarray(end);
    }
  }

  private keep(rest: Buffer, wanted: number): void {
    this.chunks = [rest];
    this.size = rest.length;
    this.wanted = wanted;
  }

  private frame({ final, opcode }: Header, payload: Buffer): Incoming | undefined {
    switch (opcode) {
      case Opcode.close:
        return readClose(payload);
      case Opcode.ping:
        return { kind: 'ping', payload: Buffer.from(payload) };
      case Opcode.pong:
        return { kind: 'pong' };
      case Opcode.text:
      case Opcode.binary:
        if (this.partsOpcode !== undefined) throw new FrameError(1002, 'a message began inside another');
        this.partsOpcode = opcode;
        break;
      case Opcode.continuation:
        if (this.partsOpcode === undefined) throw new FrameError(1002, 'a continuation of nothing');
        break;
      default:
        throw new FrameError(1002, `unknown opcode ${opcode}`);
    }
    this.parts.push(payload);
    this.partsBytes += payload.length;
    return final ? this.message() : undefined;
  }

  private message(): Incoming {
    const whole = Buffer.concat(this.parts);
    const isText = this.partsOpcode === Opcode.text;
    this.parts = [];
    this.partsBytes = 0;
    this.partsOpcode = undefined;
    return isText ? { kind: 'text', text: readText(whole) } : { kind: 'binary' };
  }
}

function tooLong(): FrameError {
  return new FrameError(1009, `a message of more than ${maxMessageBytes} bytes`);
}

function readHeader(buffer: Buffer): Header | undefined {
  if (buffer.length < 2) return undefined;
  const first = buffer.readUInt8(0);
  const second = buffer.readUInt8(1);
  if ((first & 0x70) !== 0) throw new FrameError(1002, 'reserved bits are set');
  if ((second & 0x80) !== 0) throw new FrameError(1002, 'a server must not mask');
  const final = (first & 0x80) !== 0;
  const opcode = first & 0x0f;
  const short = second & 0x7f;
  if (opcode >= 8 && (!final || short > 125))
    throw new FrameError(1002, 'a control frame is split or too long');
  if (short < 126) return { final, opcode, length: short, bytes: 2 };
  if (short === 126) {
    return buffer.length < 4 ? undefined : { final, opcode, length: buffer.readUInt16BE(2), bytes: 4 };
  }
  if (buffer.length < 10) return undefined;
  const length = buffer.readBigUInt64BE(2);
  if (length > BigInt(maxMessageBytes)) throw tooLong();
  return { final, opcode, length: Number(length), bytes: 10 };
}

function readClose(payload: Buffer): Incoming {
  if (payload.length === 0) return { kind: 'close', code: 1005, reason: '' };
  if (payload.length === 1) throw new FrameError(1002, 'a close code of one byte');
  return { kind: 'close', code: payload.readUInt16BE(0), reason: readText(payload.subarray(2)) };
}

function readText(payload: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  } catch {
    throw new FrameError(1007, 'text is not UTF-8');
  }
}

/** Builds a masked frame; mask is four random bytes. */
export function writeFrame(opcode: number, payload: Buffer, mask: Buffer): Buffer {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const frame = Buffer.alloc(2 + extra + 4 + length);
  frame.writeUInt8(0x80 | opcode, 0);
  if (extra === 0) frame.writeUInt8(0x80 | length, 1);
  else frame.writeUInt8(0x80 | (extra === 2 ? 126 : 127), 1);
  if (extra === 2) frame.writeUInt16BE(length, 2);
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  const start = 2 + extra;
  mask.copy(frame, start, 0, 4);
  payload.copy(frame, start + 4);
  const masked = frame.subarray(start + 4);
  for (let at = 0; at < length; at++) masked.writeUInt8(masked.readUInt8(at) ^ mask.readUInt8(at & 3), at);
  return frame;
}

/** Payload of a close frame; codes that may not be sent become none. */
export function closePayload(code: number, reason: string): Buffer {
  const sendable =
    code === 1000 ||
    (code >= 3000 && code <= 4999) ||
    (code >= 1001 && code <= 1011 && code !== 1004 && code !== 1005 && code !== 1006);
  if (!sendable) return Buffer.alloc(0);
  const text = Buffer.from(reason).subarray(0, 123);
  const payload = Buffer.alloc(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return payload;
}
