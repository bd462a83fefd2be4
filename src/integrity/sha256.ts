import { hash } from 'node:crypto'

// The only use of node:crypto in this room: a browser build swaps this file.

/** SHA-256 of the bytes, or of the text in UTF-8, 64 lower-case hex digits. */
export function sha256Hex(text: string | Uint8Array): string {
  return hash('sha256', text, 'hex')
}
