import type { TrailRecord } from '../../integrity/index.ts'
import { readCursor, readDelivered } from '../../journal/cursor.ts'
import { nodeFileSystem } from '../../journal/file-system.ts'
import type { LineHeader } from '../../journal/line.ts'
import { isStreamName } from '../../journal/names.ts'
import type { SegmentFile, StreamDirectory } from '../journal-files.ts'
import type { Adoptions } from './adoptions.ts'
import { judgeDamage, type DamagedLine, type JudgedFinding } from './damage.ts'
import type { DigestedFiles } from './digested-files.ts'
import { isUnreadable, type LineDigest, type RequestDigest } from './line-digest.ts'
import { SoundNumbers } from './sound-numbers.ts'
import { stillGrows } from './still-grows.ts'

/** One stream of a journal: its lines judged as lines, its records handed on to the chain. */
export class StreamLines {
  readonly #stream: StreamDirectory
  readonly #whole: boolean
  readonly #digested: DigestedFiles
  readonly #adoptions: Adoptions
  readonly #sound = new SoundNumbers()
  readonly #damaged: DamagedLine[] = []
  #streamId: string
  #durable = 0
  #next = 1

  constructor(stream: StreamDirectory, whole: boolean, digested: DigestedFiles, adoptions: Adoptions) {
    this.#stream = stream
    this.#whole = whole
    this.#digested = digested
    this.#adoptions = adoptions
    this.#streamId = stream.id
  }

  async *records(): AsyncGenerator<readonly TrailRecord[], void, undefined> {
    const { segments } = this.#stream
    this.#next = segments[0]?.first ?? 1
    for (const segment of segments) yield* this.#segment(segment, segment === segments.at(-1))
  }

  /** After all streams were read: what the damaged lines mean, and whether the end is there. */
  findings(): JudgedFinding[] {
    const { path, id } = this.#stream
    // Where a tail was lost, what was sent again ends before the cursor.
    const cursors = this.#whole ? [readDelivered(nodeFileSystem, path, id), readCursor(nodeFileSystem, path, id)] : []
    const delivered = Math.max(0, ...cursors.map((cursor) => cursor?.number ?? 0))
    const adopted = this.#adoptions.of(this.#streamId)
    const known = Math.max(this.#durable, delivered, adopted?.lastNumber ?? 0)
    const knowledge = {
      streamId: this.#streamId,
      durable: known,
      sound: this.#sound,
      recordedAsTorn: adopted?.torn ?? false,
    }
    const findings = this.#damaged.map((damage) => judgeDamage(damage, knowledge))
    const last = Math.max(this.#sound.highest, this.#next - 1)
    const cutThere = this.#damaged.some(({ number }) => number > last)
    if (delivered > last && !cutThere) {
      const message = `records ${last + 1} to ${delivered} are missing at the end: the delivery cursor knows of them`
      const place = { streamId: this.#streamId, number: last + 1, recordId: undefined, source: path, line: 0 }
      findings.push({ kind: 'tail_lost', level: 'error', ...place, message })
    }
    return findings
  }

  async *#segment(segment: SegmentFile, newest: boolean): AsyncGenerator<readonly TrailRecord[], void, undefined> {
    const { path: source, generation } = segment
    let highest = 0
    let expected = segment.first === 0 ? this.#next : segment.first
    for await (const lines of this.#digested.lines(source)) {
      const found: TrailRecord[] = []
      for (const digest of lines) {
        const { line, complete, decoded, recordId, end } = digest
        if (decoded?.ok === true) {
          const { first, last } = decoded.header
          if (line === 1 && segment.first !== 0 && first !== segment.first) {
            found.push({ damage: 'corrupt', source, line, ...nameDiffers(decoded.header, segment.first) })
          }
          // Only within one file is the order certain: after a fault, lines are written again to a later segment.
          this.#soundLine(digest, decoded.header, segment, first <= highest, found)
          highest = Math.max(highest, last)
          expected = last + 1
        } else if (complete || !newest || !(await stillGrows(source, end))) {
          this.#damage({ source, line, generation, why: decoded?.reason ?? 'cut', number: expected, recordId })
          expected += this.#damagedLine(digest, source, found)
        }
      }
      yield found
    }
  }

  #soundLine(
    { line, requests }: LineDigest,
    header: LineHeader,
    { path: source, generation }: SegmentFile,
    ordered: boolean,
    found: TrailRecord[],
  ): void {
    const { stream, first, last, durable, head } = header
    const place = { source, line, streamId: stream, number: first }
    if (!isStreamName(this.#streamId)) this.#streamId = stream
    if (stream !== this.#streamId) {
      const message = `a line of stream ${stream} among those of ${this.#streamId}`
      found.push({ damage: 'corrupt', ...place, message })
    } else {
      this.#sound.add(generation, first, last)
      this.#durable = Math.max(this.#durable, durable)
      this.#next = Math.max(this.#next, last + 1)
    }
    const records: RequestDigest = requests[0] ?? []
    if (isUnreadable(records)) {
      found.push({ damage: records.damage, message: records.message, ...place })
      return
    }
    if (records.length !== last - first + 1) {
      const message = `the line's header tells of ${last - first + 1} records, the line holds ${records.length}`
      found.push({ damage: 'corrupt', ...place, message })
    }
    for (const [i, digest] of records.entries()) {
      this.#adoptions.note(digest)
      const placed = { digest, source, line, ordered }
      found.push(i === records.length - 1 ? { ...placed, expectedHash: head } : placed)
    }
  }

  /**
   * What can still be read of a damaged line takes part in the chain: that tells which record was changed.
   * Returns how many records that are.
   */
  #damagedLine({ line, requests }: LineDigest, source: string, found: TrailRecord[]): number {
    const records: RequestDigest = requests[0] ?? []
    if (isUnreadable(records)) return 0
    this.#next += records.length
    for (const digest of records) found.push({ digest, source, line })
    return records.length
  }

  #damage(damage: DamagedLine): void {
    if (this.#damaged.length < maxDamagedLines) this.#damaged.push(damage)
  }
}

function nameDiffers(
  { stream, first }: LineHeader,
  named: number,
): { streamId: string; number: number; message: string } {
  return { streamId: stream, number: first, message: `the segment begins with record ${first}, its name says ${named}` }
}

const maxDamagedLines = 10_000
