import { setTimeout as sleep } from 'node:timers/promises'
import { decodeLine } from '../journal/line.ts'
import { checkNotStopped } from './command.ts'
import { fileLines } from './file-lines.ts'
import { journalStreams, type SegmentFile } from './journal-files.ts'
import { NumberRanges } from './number-ranges.ts'
import { attributeText, viewLine, type RecordView } from './record-view.ts'

const pollMillis = 200

/** Reads a journal directory from the beginning and then what is added to it, each record once. */
export class RecordFollower {
  readonly #directory: string
  /** How far each segment was read: bytes of complete lines. */
  readonly #offsets = new Map<string, number>()
  /** The numbers seen of each stream: a line that was written again after a fault is shown once. */
  readonly #seen = new Map<string, NumberRanges>()
  /** Complete lines that are damaged. */
  unreadable = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Leaves out the segments that the last `records` records of each stream can do without. */
  async skipAllBut(records: number): Promise<void> {
    for (const { segments } of await journalStreams(this.#directory)) {
      const last = segments.at(-1)
      // How many records the last segment holds is not known yet, so the ones before it must hold enough.
      for (const { path, bytes, first } of segments.slice(0, -1)) {
        const next = segments[segments.findIndex((segment) => segment.path === path) + 1]
        const needed = last !== undefined && next !== undefined && last.first - next.first < records
        if (!needed && first < (last?.first ?? 0)) this.#offsets.set(path, bytes)
      }
    }
  }

  /** What was added since the last call, in the order of each stream. */
  async *more(): AsyncGenerator<RecordView, void, undefined> {
    for (const stream of await journalStreams(this.#directory)) {
      for (const segment of stream.segments) yield* this.#moreOf(segment)
    }
  }

  /** Resolves when it is time to look again, or when `stopped`. */
  async wait(stopped: AbortSignal): Promise<void> {
    await sleep(pollMillis, undefined, { signal: stopped }).catch(() => undefined)
  }

  async *#moreOf(segment: SegmentFile): AsyncGenerator<RecordView, void, undefined> {
    let offset = this.#offsets.get(segment.path) ?? 0
    if (segment.bytes <= offset) return
    for await (const { bytes, complete } of fileLines(segment.path, offset)) {
      if (!complete) break
      offset += bytes.length + 1
      this.#offsets.set(segment.path, offset)
      const decoded = decodeLine(bytes)
      const views = decoded.ok ? viewLine(bytes) : undefined
      if (!decoded.ok || views === undefined) {
        this.unreadable++
        continue
      }
      const { stream, first, last } = decoded.header
      const seen = this.#seen.get(stream) ?? new NumberRanges()
      for (const [i, view] of views.entries()) if (!seen.has(first + i)) yield view
      seen.add(first, last)
      this.#seen.set(stream, seen)
    }
  }
}

/**
 * The last `wanted` records that match, by the time they were observed; each stream's own order stays.
 * @throws CannotCheck when stopped
 */
export async function newestRecords(
  follower: RecordFollower,
  wanted: number,
  matches: (view: RecordView) => boolean,
  stopped: AbortSignal,
): Promise<RecordView[]> {
  const perStream = new Map<string, RecordView[]>()
  for await (const view of follower.more()) {
    checkNotStopped(stopped)
    if (!matches(view)) continue
    const stream = attributeText(view, 'audit.sequence.stream_id') ?? ''
    const newest = perStream.get(stream) ?? []
    newest.push(view)
    if (newest.length > 2 * wanted + 1000) newest.splice(0, newest.length - wanted)
    perStream.set(stream, newest)
  }
  const all = [...perStream.values()].flatMap(inOrder).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return wanted === 0 ? [] : all.slice(-wanted).map(({ view }) => view)
}

/** The time to sort a stream's records by: the clock may jump back, the stream does not. */
function inOrder(views: readonly RecordView[]): { view: RecordView; at: string }[] {
  let at = ''
  return views.map((view) => {
    if (view.observedTime > at) at = view.observedTime
    return { view, at }
  })
}
