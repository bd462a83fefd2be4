import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startHostileCollector, type HostileCollector } from '../../src/testing/index.ts'
import { recordsOnDisk, type RecordOnDisk } from './disk/journal-on-disk.ts'
import { scratch } from './disk/mounts.ts'
import { Service } from './disk/service.ts'
import { until } from './disk/until.ts'
import { nextLife } from './next-life.ts'
import { randomFrom } from '../../src/cli/torture/random.ts'
import { findings } from './verify-journal.ts'

interface Cursor {
  readonly stream: string
  readonly number: number
  readonly hash: string
}

const seed = Number(process.env['CURSOR_SEED'] ?? Date.now() % 1_000_000)
const cuts = 12
const records = 40
const undelivered = 10

it(
  'a delivered stream whose tail is lost is told as tail_lost, and all that is kept of it is sent again',
  { timeout: 90_000 },
  async () => {
    const random = randomFrom(seed)
    const root = scratch()
    const left = path.join(root, 'left')
    const { stream, number } = await dieDelivered(left)
    const lines = segmentsOf(left, stream).flatMap(linesOf).length
    let sentAgain = 0
    for (let cut = 0; cut < cuts; cut++) {
      const dir = path.join(root, `cut-${cut}`)
      cpSync(left, dir, { recursive: true })
      // One line, all of them, all but a half; then any number, every third time with a half.
      const keeps = [lines - 1, 0, 0][cut] ?? Math.floor(random() * lines)
      const andAHalf = cut % 3 === 2
      cutBehind(dir, stream, keeps, andAHalf)
      const what = `seed ${seed}, cut ${cut}: ${keeps} of ${lines} lines kept${andAHalf ? ' and a half' : ''}`
      const kept = recordsOnDisk(dir)
      const last = kept.length
      const found = await findings(dir)
      expect(found, what).toHaveLength(1)
      expect(`${found[0]?.kind}: ${found[0]?.message}`, what).toContain(
        andAHalf
          ? `corrupt: the line is cut off; record ${last + 1} had been durable (through ${number})`
          : `tail_lost: records ${last + 1} to ${number} are missing at the end: the delivery cursor knows of them`,
      )
      const { problems, collector } = await nextLife(dir)
      expect(problems, what).toContain(lost(stream, number, last))
      if (!andAHalf) expect(problems, what).toHaveLength(1)
      expect(
        problems.filter((problem) => problem.startsWith('torn')),
        what,
      ).toEqual([])
      expect(collector.numbers(stream), what).toEqual(kept.map((record) => record.number))
      expect(missingAt(collector, kept), what).toEqual([])
      // What is left is delivered once more, and the loss still shows: locally and in the trail of the next stream.
      const still = (await findings(dir)).map(({ kind, message }) => `${kind}: ${message}`)
      expect(still, what).toContain(`${found[0]?.kind}: ${found[0]?.message}`)
      expect(trailOf(dir), what).toContain(`{"key":"deliveredThrough","value":{"intValue":"${number}"}}`)
      sentAgain += last
    }
    process.stdout.write(
      `tried: a cursor at ${number} ahead of its journal: seed ${seed}, ${cuts} cuts of the tail, each told as tail_lost and ` +
        `found by verify, ${sentAgain} kept records sent again, none skipped\n`,
    )
  },
)

it('a cursor that is forged beyond the tail skips nothing', { timeout: 60_000 }, async () => {
  const root = scratch()
  const left = path.join(root, 'left')
  const cursor = await dieDelivered(left, undelivered)
  const { stream, hash } = cursor
  const kept = recordsOnDisk(left)
  const last = kept.length
  expect(last).toBe(cursor.number + undelivered)
  const numbers = [last + 1, last + 1_000, Number.MAX_SAFE_INTEGER]
  for (const number of numbers) {
    const dir = path.join(root, `forged-${number}`)
    cpSync(left, dir, { recursive: true })
    writeFileSync(cursorFile(dir, stream), JSON.stringify({ stream, number, hash }))
    expect((await findings(dir)).map(({ kind }) => kind)).toEqual(['tail_lost'])
    const { problems, collector } = await nextLife(dir)
    expect(problems).toEqual([lost(stream, number, last)])
    expect(collector.numbers(stream)).toEqual(kept.map((record) => record.number))
    expect(missingAt(collector, kept)).toEqual([])
  }
  process.stdout.write(
    `tried: ${numbers.length} cursors forged beyond the tail: ${cursor.number} delivered records sent again and ` +
      `${undelivered} undelivered ones sent each time, none skipped\n`,
  )
})

function lost(stream: string, through: number, last: number): string {
  return (
    `tail_lost: audit journal: stream ${stream} was delivered through ${through} but ends at ${last}: ` +
    'its tail was lost; everything kept is sent again'
  )
}

function missingAt(collector: HostileCollector, kept: readonly RecordOnDisk[]): string[] {
  const there = new Set(collector.recordIds())
  return kept.map(({ recordId }) => recordId).filter((id) => !there.has(id))
}

/** What a writer leaves that is killed once its stream is delivered so far and its cursor on disk. */
async function dieDelivered(dir: string, more = 0): Promise<Cursor> {
  const collector = await startHostileCollector()
  onTestFinished(() => collector.close())
  const delivery = { url: collector.url, initialBackoffMillis: 50, maxBackoffMillis: 100 }
  const service = new Service({ logger: { journal: { dir, segmentMaxBytes: 12_000 }, collector: delivery } })
  await service.log(records, { together: 2 })
  expect(await service.drain()).toBe(0)
  const [stream = ''] = collector.streams()
  const delivered = collector.numbers(stream).length
  expect(delivered).toBe(records + 1) // the start record
  await until(() => readCursor(dir, stream)?.number === delivered)
  collector.behave({ kind: 'status', status: 503 })
  if (more > 0) await service.log(more)
  await service.kill()
  const cursor = readCursor(dir, stream)
  if (cursor?.number !== delivered) throw new Error('the cursor moved on')
  return cursor
}

function trailOf(dir: string): string {
  const streams = readdirSync(dir).filter((name) => name.length === 36)
  return streams.flatMap((stream) => segmentsOf(dir, stream).map((file) => readFileSync(file, 'utf8'))).join('')
}

function readCursor(dir: string, stream: string): Cursor | undefined {
  try {
    return JSON.parse(readFileSync(cursorFile(dir, stream), 'utf8')) as Cursor
  } catch {
    return undefined // not yet
  }
}

function cursorFile(dir: string, stream: string): string {
  return path.join(dir, stream, 'cursor.json')
}

function segmentsOf(dir: string, stream: string): string[] {
  const names = readdirSync(path.join(dir, stream)).filter((name) => name.endsWith('.otlp.jsonl'))
  return names.sort().map((name) => path.join(dir, stream, name))
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}

/** Takes away everything behind so many lines, whole segments too. */
function cutBehind(dir: string, stream: string, lines: number, andAHalf: boolean): void {
  let left = lines
  let over = false
  for (const file of segmentsOf(dir, stream)) {
    const here = linesOf(file)
    if (over) rmSync(file)
    else if (left >= here.length) left -= here.length
    else {
      const bytes = here.slice(0, left).reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
      truncateSync(file, bytes + (andAHalf ? Math.floor((here[left] ?? '').length / 2) : 0))
      over = true
    }
  }
}
