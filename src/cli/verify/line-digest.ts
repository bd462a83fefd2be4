import { isAuditError } from '../../errors.ts'
import { digestOtlpLogs, type RecordDigest } from '../../integrity/index.ts'
import { decodeLine, type DecodedLine } from '../../journal/line.ts'
import { recordIdIn } from './damage.ts'

/** `segment`: a file of a journal; `export`: OTLP/JSON lines as a Collector's file exporter writes them. */
export type FileKind = 'segment' | 'export'

/** Text that could not be read as one request. */
export interface UnreadableText {
  readonly damage: 'corrupt' | 'ambiguous'
  readonly message: string
  /** What it seems to have been; traces, metrics and profiles don't concern the trail. */
  readonly begins: 'logs' | 'other signal' | 'otherwise'
}

/** The records of a request, or why two readers could not agree on them. */
export type RequestDigest = readonly RecordDigest[] | UnreadableText

/** What verification needs of a line: no more of its text than that, so that it passes between threads. */
export interface LineDigest {
  /** From 1, counted from the beginning of the range that it was read with. */
  readonly line: number
  /** Where the line ends in its file, the newline not counted. */
  readonly end: number
  /** False for a last line that no newline ends. */
  readonly complete: boolean
  /** A segment's line only. */
  readonly decoded?: DecodedLine
  /** A damaged line's first record id, as far as it can be made out. */
  readonly recordId?: string
  /** The requests on it: one, unless a killed Collector's next life wrote on. None when a segment's line is cut off. */
  readonly requests: readonly RequestDigest[]
}

/** A Collector's file exporter may have been given other signals as well. */
const beginning = /^\s*\{\s*"resource(Logs|Spans|Metrics|Profiles)"/

/** Where a request begins, also behind what a killed Collector left; inside a JSON string its quotes are escaped. */
const requestStart = /(?=\{"resource(?:Logs|Spans|Metrics|Profiles)":\[)/

export function digestLine(
  bytes: Uint8Array,
  kind: FileKind,
  at: { readonly line: number; readonly end: number; readonly complete: boolean },
): LineDigest {
  if (kind === 'export') return { ...at, requests: digestRequests(bytes) }
  const decoded = at.complete ? decodeLine(bytes) : undefined
  const recordId = decoded?.ok === true ? undefined : recordIdIn(bytes)
  const requests = at.complete ? [digestRequest(bytes)] : []
  return { ...at, ...(decoded && { decoded }), ...(recordId !== undefined && { recordId }), requests }
}

function digestRequests(bytes: Uint8Array): RequestDigest[] {
  const whole = digestRequest(bytes)
  if (!isUnreadable(whole)) return [whole]
  const pieces = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').split(requestStart)
  return pieces.length === 1 ? [whole] : pieces.map((piece) => digestRequest(Buffer.from(piece, 'latin1')))
}

function digestRequest(bytes: Uint8Array): RequestDigest {
  try {
    return digestOtlpLogs(bytes)
  } catch (error) {
    if (!isAuditError(error)) throw error
    const start = Buffer.from(bytes.subarray(0, 64)).toString('latin1')
    const damage = error.code === 'ambiguous' ? 'ambiguous' : 'corrupt'
    return { damage, message: error.message, begins: beginsAs(start) }
  }
}

function beginsAs(start: string): UnreadableText['begins'] {
  const signal = beginning.exec(start)?.[1]
  return signal === undefined ? 'otherwise' : signal === 'Logs' ? 'logs' : 'other signal'
}

export function isUnreadable(request: RequestDigest): request is UnreadableText {
  return 'damage' in request
}
