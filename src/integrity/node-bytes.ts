// The only use of Buffer in this room: a browser build swaps this file.

/** Node's own method, which its types leave out; `toString('latin1')` is twice the way. */
interface Latin1Bytes {
  latin1Slice(start: number, end: number): string
}

/** Bytes with Node's methods, without a copy. */
export type NodeBytes = Buffer & Latin1Bytes

export function nodeBytes(bytes: Uint8Array): NodeBytes {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) as NodeBytes
}
