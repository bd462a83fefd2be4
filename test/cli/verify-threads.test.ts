import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestRange, rangesOf, type RangeDigest } from '../../src/cli/verify/file-range.ts'
import { DigestedFiles } from '../../src/cli/verify/digested-files.ts'
import { DigestPool, here } from '../../src/cli/verify/digest-pool.ts'
import type { LineDigest } from '../../src/cli/verify/line-digest.ts'
import { packRange, unpackRange } from '../../src/cli/verify/packed-range.ts'
import { digestOtlpLogs } from '../../src/integrity/index.ts'
import { scratchDirectory } from './journal-fixture.ts'
import { libraryJournal, linesOf, onlyStream } from './library-journal.ts'
import { runCli } from './run-cli.ts'
import { libraryCopy } from './verified.ts'

const journal = libraryJournal(20)

/** The file, and how its lines are digested in one piece. */
async function wholeFile(): Promise<{ file: string; bytes: number; whole: RangeDigest }> {
  const { file } = await onlyStream(await journal)
  const [range] = rangesOf(file, 'segment', 0)
  if (range === undefined) throw new Error('no range')
  return { file, bytes: readFileSync(file).length, whole: digestRange(range) }
}

describe('a file in ranges', () => {
  it('is left when a signal comes, before the next range is digested', async () => {
    const { file, bytes } = await wholeFile()
    const start = Math.floor(bytes / 2)
    const ranges = [
      { path: file, kind: 'segment' as const, start: 0, end: start },
      { path: file, kind: 'segment' as const, start, end: Infinity },
    ]
    const stopping = new AbortController()
    const files = new DigestedFiles(ranges, here, stopping.signal)
    let batches = 0
    const read = async (): Promise<void> => {
      for await (const { length } of files.lines(file)) {
        if (length > 0) batches++
        setImmediate(() => stopping.abort())
      }
    }
    await expect(read()).rejects.toThrow('stopped before the end')
    expect(batches).toBe(1)
  })

  it('has each of its lines in one of them, wherever it is divided', async () => {
    const { file, bytes, whole } = await wholeFile()
    const newlines = linesOf(file).reduce<number[]>((ends, line) => [...ends, (ends.at(-1) ?? 0) + line.length + 1], [])
    const place = fc.oneof(
      fc.nat({ max: bytes }),
      fc.constantFrom(...newlines, ...newlines.map((end) => end - 1), ...newlines.map((end) => end + 1)),
    )
    fc.assert(
      fc.property(fc.array(place, { maxLength: 6 }), (places) => {
        const cuts = [0, ...places.sort((a, b) => a - b), Infinity]
        const parts = cuts
          .slice(1)
          .map((end, i) => digestRange({ path: file, kind: 'segment', start: cuts[i] ?? 0, end }))
        let before = 0
        const lines = parts.flatMap((part) => {
          const numbered = part.digests.map((digest) => ({ ...digest, line: before + digest.line }))
          before += part.lines
          return numbered
        })
        expect({ lines: before, digests: lines }).toEqual(whole)
      }),
      { numRuns: 300 },
    )
  })

  it('keeps an incomplete last line and counts blank ones', () => {
    const file = join(scratchDirectory(), 'export.jsonl')
    writeFileSync(file, '{"resourceLogs":[]}\n\n\n{"resourceLogs":[')
    const { lines, digests } = digestRange({ path: file, kind: 'export', start: 0, end: Infinity })
    expect(lines).toBe(4)
    expect(digests.map(({ line, end, complete }) => [line, end, complete])).toEqual([
      [1, 19, true],
      [4, 39, false],
    ])
  })

  it('has its lines numbered from its beginning', async () => {
    const { file, bytes, whole } = await wholeFile()
    const cuts = [0, Math.floor(bytes / 3), Math.floor(bytes / 2)]
    const ranges = cuts.map((start, i) => ({
      path: file,
      kind: 'segment' as const,
      start,
      end: cuts[i + 1] ?? Infinity,
    }))
    const files = new DigestedFiles([...ranges, ...rangesOf(file, 'segment', bytes)], here)
    const digestsOf = async (): Promise<LineDigest[]> => {
      const digests: LineDigest[] = []
      for await (const batch of files.lines(file)) digests.push(...batch)
      return digests
    }
    expect(await digestsOf()).toEqual(whole.digests)
    expect(await digestsOf()).toEqual(whole.digests)
    await expect(digestsOf()).rejects.toThrow('in the order')
  })

  it('is divided so that large files are read by several threads', () => {
    const ranges = rangesOf('a', 'export', 20 * 1024 * 1024)
    expect(ranges.map(({ start, end }) => [start / 1048576, end / 1048576])).toEqual([
      [0, 8],
      [8, 16],
      [16, Infinity],
    ])
  })
})

describe('what passes between threads', () => {
  it('is the same on the other side', async () => {
    const { whole } = await wholeFile()
    expect(unpackRange(structuredClone(packRange(whole)))).toEqual(whole)
  })

  it('is the same for records of every kind, linked or not', async () => {
    const { file } = await onlyStream(await journal)
    const digests = linesOf(file).flatMap((line) => digestOtlpLogs(Buffer.from(line)))
    const odd = fc.constantFrom(
      {},
      { recordId: undefined },
      { recordId: 'x'.repeat(36) },
      { recordId: 'ü'.repeat(36) },
      { streamId: undefined },
      { number: undefined },
      { number: 7 },
      { previousHash: '' },
      { end: true },
      { hash: undefined, refusal: { code: 'corrupt' as const, message: 'no' } },
      { adoption: { streamId: 's', lastNumber: 1, headHash: undefined, torn: false } },
    )
    fc.assert(
      fc.property(fc.array(odd, { minLength: digests.length, maxLength: digests.length }), (changes) => {
        const requests = [digests.map((digest, i) => ({ ...digest, ...changes[i] }))]
        const range = { lines: 1, digests: [{ line: 1, end: 9, complete: true, requests }] }
        expect(unpackRange(structuredClone(packRange(range)))).toEqual(range)
      }),
    )
  })
})

describe('verify with several threads', () => {
  async function same(...args: string[]): Promise<readonly string[]> {
    const [one, two] = await Promise.all(['1', '2'].map((n) => runCli(['verify', '--json', '--threads', n, ...args])))
    expect(two).toEqual(one)
    return one?.out ?? []
  }

  it('says of a sound journal what one thread says', async () => {
    expect((await same(await journal)).at(-1)).toContain('"ok":true')
  })

  it('says of a damaged one what one thread says', async () => {
    const { journal, file, lines } = await libraryCopy()
    const changed = lines.map((line, i) => (i === 2 ? line.replace('create_store', 'delete_store') : line))
    changed.splice(4, 1)
    writeFileSync(file, `${changed.join('\n')}\nnot a line\n{"otelAudit":"1 cut`)
    const out = await same(journal)
    expect(out.filter((line) => line.includes('"problem":true')).length).toBeGreaterThan(2)
  })

  it('says of an export beside its journal what one thread says', async () => {
    const { journal, lines } = await libraryCopy()
    const file = join(scratchDirectory(), 'export.jsonl')
    writeFileSync(file, `${lines[0] ?? ''}\n{"resourceSpans":[]}\n${lines[2] ?? ''}${lines[1] ?? ''}\n`)
    appendFileSync(file, '{"resourceLogs":[{"sco')
    expect((await same(journal, file)).join('\n')).toContain('the line is cut off')
  })

  it('reads several streams in their order', async () => {
    const both = join(scratchDirectory(), 'both')
    cpSync(await libraryJournal(3), both, { recursive: true })
    cpSync(await libraryJournal(4), both, { recursive: true })
    expect((await same(both)).at(-1)).toContain('"records":11')
  })

  it.each(['0', '257', 'two', ''])('refuses %j threads', async (threads) => {
    const { code, notes } = await runCli(['verify', '--threads', threads, await journal])
    expect(code).toBe(2)
    expect(notes.join('\n')).toContain('--threads')
  })
})

it('passes on why a file cannot be read', async () => {
  const range = { path: scratchDirectory(), kind: 'export' as const, start: 0, end: Infinity }
  const pool = new DigestPool(1)
  try {
    await expect(pool.digest(range)).rejects.toMatchObject({ code: 'EISDIR' })
    await expect(here.digest(range)).rejects.toMatchObject({ code: 'EISDIR' })
  } finally {
    await pool.close()
  }
})
