import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { takeSqliteLock } from '../../src/journal/lock.ts'
import { segmentFileName } from '../../src/journal/names.ts'
import { nanosAt, scratchDirectory, writeStream, type FixtureRecord, type FixtureStream } from './journal-fixture.ts'
import { linesOf, writeLines } from './library-journal.ts'
import { runCli } from './run-cli.ts'

const stop: FixtureRecord = { eventName: 'audit.pipeline.stop', attributes: { 'audit.sequence.end': true } }

interface Report {
  readonly records: number
  readonly undelivered: number
  readonly oldestUndelivered?: string
  readonly setAside: number
  readonly bytes: number
  readonly streams: readonly { readonly stream: string; readonly state: string; readonly undelivered: number }[]
}

async function report(journal: string): Promise<{ code: number; report: Report }> {
  const { code, out } = await runCli(['status', '--json', '--dir', journal])
  return { code, report: JSON.parse(out.join('')) as Report }
}

function deliveredThrough({ directory, id, hashes }: FixtureStream, number: number): void {
  writeFileSync(join(directory, 'cursor.json'), JSON.stringify({ stream: id, number, hash: hashes[number - 1] }))
}

function setAside(journal: string, stream: string, reason: 'rejected' | 'duplicate'): void {
  mkdirSync(join(journal, 'set-aside'), { recursive: true })
  const answer = { status: 400, body: 'no', receivedAt: '2026-11-24T03:00:00.000Z' }
  const entry = { stream, number: 1, recordId: 'r', reason, request: '{"resourceLogs":[]}', answer }
  writeFileSync(join(journal, 'set-aside', `${stream}-1.json`), JSON.stringify(entry))
}

describe('otel-audit status', () => {
  it('tells streams that ended, that did not, and one that lives', async () => {
    const journal = scratchDirectory()
    const ended = writeStream(journal, [[[{}, {}], [stop]]])
    const unended = writeStream(journal, [[[{}]], [[{}, {}]]])
    const live = writeStream(journal, [[[{}]]])
    const lock = takeSqliteLock(join(live.directory, 'lock'))
    const { code, report: found } = await report(journal)
    if (lock.state === 'held') lock.lock.release()
    expect(code).toBe(0)
    expect(Object.fromEntries(found.streams.map(({ stream, state }) => [stream, state]))).toEqual({
      [ended.id]: 'ended',
      [unended.id]: 'unended',
      [live.id]: 'live',
    })
    expect(found).toMatchObject({ records: 7, undelivered: 7, setAside: 0 })
    expect((await report(journal)).report.streams.find(({ stream }) => stream === live.id)?.state).toBe('unended')
  })

  it('counts what is not delivered from the cursor on, and since when', async () => {
    const journal = scratchDirectory()
    const stream = writeStream(journal, [[[{}, {}]], [[{}, {}, {}]]])
    deliveredThrough(stream, 3)
    const { code, report: found } = await report(journal)
    const since = new Date(Number(BigInt(nanosAt(4)) / 1_000_000n)).toISOString()
    expect({ code, found }).toMatchObject({ code: 0, found: { records: 5, undelivered: 2, oldestUndelivered: since } })
    deliveredThrough(stream, 5)
    const { report: done } = await report(journal)
    expect(done.undelivered).toBe(0)
    expect(done.oldestUndelivered).toBeUndefined()
  })

  it('calls a torn tail torn, with exit 1, and counts the whole lines before it', async () => {
    const journal = scratchDirectory()
    const { files } = writeStream(journal, [[[{}], [{}]]])
    const [file = ''] = files
    truncateSync(file, readFileSync(file).length - 10)
    const { code, report: found } = await report(journal)
    expect({ code, found }).toMatchObject({ code: 1, found: { records: 1, streams: [{ state: 'torn' }] } })
  })

  it('calls junk behind the end of a stream torn, not what a failed segment left behind', async () => {
    const journal = scratchDirectory()
    const { files, directory } = writeStream(journal, [[[{}], [{}], [stop]]])
    const [file = ''] = files
    const bytes = readFileSync(file)
    const [first = '', second = '', third = ''] = linesOf(file)
    writeFileSync(file, `${first}\n${second.slice(0, 300)}`)
    writeLines(join(directory, segmentFileName(2, 2)), [second, third])
    expect(await report(journal)).toMatchObject({ code: 0, report: { streams: [{ state: 'ended' }] } })
    rmSync(join(directory, segmentFileName(2, 2)))
    writeFileSync(file, bytes)
    writeLines(join(directory, segmentFileName(3, 2)), [third.slice(0, 300)])
    expect(await report(journal)).toMatchObject({ code: 0, report: { records: 3, streams: [{ state: 'ended' }] } })
    rmSync(join(directory, segmentFileName(3, 2)))
    for (const junk of ['junk', 'junk\n', `junk\n${first}\n`]) {
      writeFileSync(file, `${bytes.toString()}${junk}`)
      const torn = { code: 1, report: { records: 3, streams: [{ state: 'torn' }] } }
      expect(await report(journal), JSON.stringify(junk)).toMatchObject(torn)
    }
  })

  it('exits 1 while refused records are set aside; duplicates are no alarm', async () => {
    const journal = scratchDirectory()
    const { id } = writeStream(journal, [[[{}]]])
    setAside(journal, id, 'duplicate')
    expect(await report(journal)).toMatchObject({ code: 0, report: { setAside: 1 } })
    setAside(journal, id, 'rejected')
    expect(await report(journal)).toMatchObject({ code: 1, report: { setAside: 1 } })
  })

  it('is readable: totals first, then a line a stream', async () => {
    const journal = scratchDirectory()
    const { id } = writeStream(journal, [[[{}, stop]]])
    const { out } = await runCli(['status', '--dir', journal])
    expect(out[0]).toBe(`journal      ${journal}`)
    expect(out[1]).toMatch(/^records {6}2 in 1 stream, \d+\.\d kB$/)
    expect(out[2]).toMatch(/^undelivered {2}2, oldest from 2026-/)
    expect(out[3]).toBe('set aside    0')
    expect(out[4]).toMatch(new RegExp(`^${id} {2}ended {4}2 records, 2 undelivered, 1 segment, .*newest 2026-`))
  })

  it('finds nothing wrong with an empty journal', async () => {
    expect(await report(scratchDirectory())).toMatchObject({ code: 0, report: { records: 0, streams: [] } })
  })
})
