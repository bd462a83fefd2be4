import type { FileSystem } from './file-system.ts'
import type { DeliveryCursor } from './journal-source.ts'
import { LineScanner } from './line-scanner.ts'
import { segmentsOf, type SegmentName } from './names.ts'

/** How a stream of another life ends. */
export interface StreamTail {
  /** Number and hash of the last record that can be read; 0 and `''` when there is none. */
  readonly last: number
  readonly head: string
  /** The highest number that any valid line says was fsynced: damage up to it is corruption, above it a torn tail. */
  readonly durable: number
  /** `ended`: closed in order; `unended`: not; `torn`: not, and unreadable bytes follow the last line. */
  readonly state: 'ended' | 'unended' | 'torn'
  /** When its first record was seen, ms since the epoch. */
  readonly bornMillis: number
}

const tailBytes = 2 * 1024 * 1024
const endMark = Buffer.from('{"key":"audit.sequence.end","value":{"boolValue":true}}')
const observedPattern = /"observedTimeUnixNano":"(\d{1,20})"/

/** Looks at the ends of a stream's newest segments; the cost does not grow with the stream. */
export function readTail(fs: FileSystem, directory: string, stream: string): StreamTail {
  const segments = segmentsOf(fs.list(directory))
  let last = 0
  let head = ''
  let durable = 0
  let state: StreamTail['state'] = 'unended'
  let valid = 0
  for (const segment of segments.toReversed()) {
    const end = lastLine(fs, directory, segment, stream)
    durable = Math.max(durable, end.durable)
    if (end.last > last) {
      last = end.last
      head = end.head
      state = end.ended ? 'ended' : 'unended'
    }
    if (end.torn && valid === 0) state = 'torn'
    // A segment may have been given up for the next one with lines that only it holds: look at a few.
    if (end.last > 0 && ++valid === 3) break
  }
  const bornMillis = segments[0] === undefined ? 0 : bornAt(fs, `${directory}/${segments[0].name}`)
  return { last, head, durable, state, bornMillis }
}

interface SegmentEnd {
  last: number
  head: string
  durable: number
  ended: boolean
  torn: boolean
}

function lastLine(fs: FileSystem, directory: string, segment: SegmentName, stream: string): SegmentEnd {
  const fd = fs.openForReading(`${directory}/${segment.name}`)
  try {
    const { size } = fs.status(fd)
    let from = Math.max(0, size - tailBytes)
    for (;;) {
      const end = scanFrom(fs, fd, stream, from, size)
      if (end.last > 0 || from === 0) return end
      from = 0
    }
  } finally {
    fs.close(fd)
  }
}

function scanFrom(fs: FileSystem, fd: number, stream: string, from: number, size: number): SegmentEnd {
  const scanner = new LineScanner(fs, fd, stream, from)
  const end: SegmentEnd = { last: 0, head: '', durable: 0, ended: false, torn: false }
  for (;;) {
    const scanned = scanner.next(size)
    if (scanned.kind === 'end') return end
    end.torn = scanned.kind === 'damage'
    if (scanned.kind === 'damage') continue
    const { header, bytes } = scanned
    end.durable = Math.max(end.durable, header.durable)
    end.last = header.last
    end.head = header.head
    end.ended = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(endMark)
  }
}

function bornAt(fs: FileSystem, file: string): number {
  const fd = fs.openForReading(file)
  try {
    const start = Buffer.alloc(8192)
    const length = fs.read(fd, start, 0, start.length, 0)
    const match = observedPattern.exec(start.toString('latin1', 0, length))
    return match?.[1] === undefined ? fs.status(fd).modifiedMillis : Number(match[1].slice(0, -6))
  } finally {
    fs.close(fd)
  }
}

/** False when the stream holds the cursor's number with another hash: then the cursor is not its own. */
export function cursorMatches(fs: FileSystem, directory: string, stream: string, cursor: DeliveryCursor): boolean {
  for (const segment of segmentsOf(fs.list(directory)).toReversed()) {
    if (segment.first > cursor.number) continue
    const fd = fs.openForReading(`${directory}/${segment.name}`)
    try {
      const { size } = fs.status(fd)
      const scanner = new LineScanner(fs, fd, stream, 0)
      for (let scanned = scanner.next(size); scanned.kind !== 'end'; scanned = scanner.next(size)) {
        if (scanned.kind === 'damage' || scanned.header.last < cursor.number) continue
        return scanned.header.last !== cursor.number || scanned.header.head === cursor.hash
      }
    } finally {
      fs.close(fd)
    }
  }
  return true
}
