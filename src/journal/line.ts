import { crc32 } from 'node:zlib'

/*
 * One line of a journal file is one complete OTLP/JSON logs request with one extra first member that OTLP readers
 * ignore. Everything before `"resourceLogs"` has a fixed length, so that readers and delivery cut it off by position:
 *
 *   {"otelAudit":"1 <stream> <first> <last> <durable> <head> <crc>","resourceLogs":[ … ]}⏎
 *   └ 14 ─────────┘ 1 + 1+36 + 3·(1+20) + 1+64 + 1+8 = 175 ────────┘└ 2: `",`
 *
 * `durable` is the highest number of the stream that was fsynced when the line was written, `head` the integrity hash
 * of record `last`, `crc` zlib's CRC-32 over the line's bytes without the 8 CRC digits and without the newline.
 */

const opening = '{"otelAudit":"'
const version = '1'
const streamAt = opening.length + version.length + 1
const firstAt = streamAt + 36 + 1
const lastAt = firstAt + 20 + 1
const durableAt = lastAt + 20 + 1
const headAt = durableAt + 20 + 1
const crcAt = headAt + 64 + 1
const crcEnd = crcAt + 8

/** Bytes of a line before `"resourceLogs"`. */
export const linePrefixBytes = crcEnd + 2
/** What stands between the fixed prefix and the first ResourceLogs. */
export const requestOpening = '"resourceLogs":['
/** Offset of the first ResourceLogs in a line. */
export const resourceLogsAt = linePrefixBytes + requestOpening.length
/** What closes the request after the last ResourceLogs. */
export const requestClosing = ']}'

/** A line holds one group commit: at most this many records … */
export const maxLineRecords = 512
/** … and at most this many bytes, unless a single record is larger. */
export const maxLineBytes = 1_000_000

export interface LineHeader {
  readonly stream: string
  readonly first: number
  readonly last: number
  readonly durable: number
  /** Integrity hash of record `last`, 64 lower-case hex digits. */
  readonly head: string
}

const newline = 10
const zeros = '00000000000000000000'

function decimal20(value: number): string {
  const digits = String(value)
  return zeros.slice(digits.length) + digits
}

/**
 * Writes the fixed prefix and the newline of the line that occupies `[start, end)` of `bytes` (the newline included);
 * everything from `linePrefixBytes` on must stand there already.
 */
export function sealLine(bytes: Buffer, start: number, end: number, header: LineHeader): void {
  const text = `${opening}${version} ${header.stream} ${decimal20(header.first)} ${decimal20(header.last)} ${decimal20(header.durable)} ${header.head} 00000000",`
  bytes.write(text, start, 'latin1')
  bytes[end - 1] = newline
  const before = crc32(bytes.subarray(start, start + crcAt))
  const crc = crc32(bytes.subarray(start + crcEnd, end - 1), before)
  bytes.write(crc.toString(16).padStart(8, '0'), start + crcAt, 'latin1')
}

export type DecodedLine =
  | { readonly ok: true; readonly header: LineHeader }
  | { readonly ok: false; readonly reason: 'no_header' | 'wrong_crc' }

const headerPattern =
  /^\{"otelAudit":"1 ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}) (\d{20}) (\d{20}) (\d{20}) ([0-9a-f]{64}) ([0-9a-f]{8})",$/

/** Checks one line (without its newline). A line that fails is damage; what it means depends on where it stands. */
export function decodeLine(line: Uint8Array): DecodedLine {
  if (line.length < resourceLogsAt) return { ok: false, reason: 'no_header' }
  const prefix = Buffer.from(line.buffer, line.byteOffset, linePrefixBytes).toString('latin1')
  const match = headerPattern.exec(prefix)
  if (match === null) return { ok: false, reason: 'no_header' }
  const [, stream = '', first = '', last = '', durable = '', head = '', crc = ''] = match
  const actual = crc32(line.subarray(crcEnd), crc32(line.subarray(0, crcAt)))
  if (actual !== Number.parseInt(crc, 16)) return { ok: false, reason: 'wrong_crc' }
  const header = { stream, first: Number(first), last: Number(last), durable: Number(durable), head }
  if (header.first < 1 || header.last < header.first || !Number.isSafeInteger(header.last)) {
    return { ok: false, reason: 'no_header' }
  }
  return { ok: true, header }
}
