import { cpSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { integrityHash, parseOtlpLogs } from '../../src/integrity/index.ts'
import { segmentFileName } from '../../src/journal/names.ts'
import { scratchDirectory, writeStream, type FixtureRecord } from './journal-fixture.ts'
import { libraryJournal, linesOf, onlyStream, resealed, writeLines } from './library-journal.ts'
import { libraryJournalWithCollector } from './library-journal-with-collector.ts'
import { runCli } from './run-cli.ts'

interface Finding {
  readonly kind: string
  readonly problem: boolean
  readonly number?: number
  readonly streamId?: string
  readonly recordId?: string
  readonly source: string
  readonly line: number
  readonly message: string
}

interface Summary {
  readonly ok: boolean
  readonly problems: number
  readonly records: number
  readonly ignored: number
  readonly streams: readonly { readonly streamId: string; readonly ended: boolean; readonly last: number }[]
}

async function verify(...args: string[]): Promise<{ code: number; findings: Finding[]; summary: Summary }> {
  const { code, out } = await runCli(['verify', '--json', ...args])
  const objects = out.map((line) => JSON.parse(line) as Finding & Summary)
  return { code, findings: objects.slice(0, -1), summary: objects.at(-1) as Summary }
}

/** What was found, one short text each: `kind number line`. */
async function found(...args: string[]): Promise<string[]> {
  const { code, findings, summary } = await verify(...args)
  expect(code).toBe(findings.some(({ problem }) => problem) ? 1 : 0)
  expect(summary.ok).toBe(code === 0)
  return findings.map(
    ({ kind, problem, number = 0, line }) => `${problem ? '' : 'info '}${kind} ${number} line ${line}`,
  )
}

function recordIdIn(line: string): string {
  return /"audit\.record\.id","value":\{"stringValue":"([0-9a-f-]+)"/.exec(line)?.[1] ?? 'none'
}

let original: string

/** A copy of a journal that the library wrote: line 1 has the start and r-1, line n then record n + 1, line 6 the stop. */
async function copy(): Promise<{ journal: string; file: string; stream: string; lines: string[] }> {
  const journal = join(scratchDirectory(), 'journal')
  cpSync(original, journal, { recursive: true })
  const { file, id } = await onlyStream(journal)
  return { journal, file, stream: id, lines: linesOf(file) }
}

beforeAll(async () => {
  original = await libraryJournal(5)
})

describe('otel-audit verify on a journal of the library', () => {
  it('finds nothing, names stream, numbers and head, and counts', async () => {
    const { journal, stream, lines } = await copy()
    const { code, out, notes } = await runCli(['verify', journal])
    const head = integrityHash(parseOtlpLogs(lines.at(-1) ?? '').resourceLogs[0]!.scopeLogs![0]!.logRecords![0]!)
    expect({ code, out, notes }).toEqual({
      code: 0,
      out: [
        `stream ${stream}  records 1–7, ended  head ${head}`,
        'verified  7 records in 1 stream, 1 file: nothing altered, nothing missing',
      ],
      notes: [],
    })
  })

  it.each(['the journal', 'the stream’s directory', 'the segment'])('takes %s', async (what) => {
    const { journal, file } = await copy()
    const path = what === 'the journal' ? journal : what === 'the segment' ? file : dirname(file)
    const { code, summary } = await verify(path)
    expect({ code, summary }).toMatchObject({ code: 0, summary: { ok: true, records: 7, streams: [{ ended: true }] } })
  })

  it('takes the journal of --dir or AUDIT_JOURNAL_DIR when no path is given', async () => {
    const { journal } = await copy()
    expect((await verify('--dir', journal)).summary.records).toBe(7)
    expect((await runCli(['verify'], { AUDIT_JOURNAL_DIR: journal })).code).toBe(0)
  })

  it('a flipped byte: wrong CRC at file and line, and the altered record with its id', async () => {
    const { journal, file, stream, lines } = await copy()
    lines[3] = (lines[3] ?? '').replace('"r-4"', '"r-5"')
    writeLines(file, lines)
    const { code, findings } = await verify(journal)
    expect(code).toBe(1)
    const place = { streamId: stream, number: 5, recordId: recordIdIn(lines[3]), source: file, line: 4, problem: true }
    expect(findings).toContainEqual(expect.objectContaining({ ...place, kind: 'corrupt' }))
    expect(findings.find(({ kind }) => kind === 'corrupt')?.message).toContain('wrong CRC')
    expect(findings.some(({ kind, number }) => (kind === 'altered' && number === 5) || kind === 'wrong_hash')).toBe(
      true,
    )
  })

  it('any flipped byte of any line is found', async () => {
    const { journal, file } = await copy()
    const bytes = readFileSync(file)
    const step = Math.ceil(bytes.length / 60)
    for (let at = 7; at < bytes.length; at += step) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      writeFileSync(file, changed)
      const line = bytes.subarray(0, at).toString('latin1').split('\n').length
      const { code, findings } = await verify(journal)
      expect(code, `byte ${at}`).toBe(1)
      expect(
        findings.map((finding) => finding.line),
        `byte ${at}`,
      ).toContain(line)
    }
  })

  it('a rewritten record with a fresh CRC is altered', async () => {
    const { journal, file, lines } = await copy()
    lines[3] = resealed(lines[3] ?? '', (lines[3] ?? '').replace('"success"', '"failure"'))
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['altered 5 line 4'])
  })

  it('a rewritten record with a fresh CRC and a fresh head hash in its line breaks the chain', async () => {
    const { journal, file, lines } = await copy()
    const changed = (lines[3] ?? '').replace('"success"', '"failure"')
    const record = parseOtlpLogs(changed).resourceLogs[0]!.scopeLogs![0]!.logRecords![0]!
    lines[3] = resealed(lines[3] ?? '', changed, integrityHash(record))
    writeLines(file, lines)
    const { code, findings } = await verify(journal)
    expect(code).toBe(1)
    expect(findings.every(({ kind, line }) => /altered|wrong_hash/.test(kind) && (line === 4 || line === 5))).toBe(true)
    expect(findings).toHaveLength(1)
  })

  it('the last record rewritten is altered too: the line’s header vouches for it', async () => {
    const { journal, file, lines } = await copy()
    lines[5] = resealed(lines[5] ?? '', (lines[5] ?? '').replace('"success"', '"failure"'))
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['altered 7 line 6'])
  })

  it('a removed line is a gap', async () => {
    const { journal, file, lines } = await copy()
    lines.splice(3, 1)
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['gap 5 line 4'])
  })

  it('a removed first line is a gap in a journal, and nothing in a part', async () => {
    const { journal, file, lines } = await copy()
    writeLines(file, lines.slice(2))
    expect(await found(journal)).toEqual(['gap 1 line 1'])
    expect(await found('--partial', journal)).toEqual([])
    expect(await found(file)).toEqual([])
  })

  it('swapped lines are a reorder', async () => {
    const { journal, file, lines } = await copy()
    const [third = '', fourth = ''] = lines.slice(2, 4)
    lines.splice(2, 2, fourth, third)
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['reorder 4 line 4'])
  })

  it('a duplicated line is a repeat and no problem', async () => {
    const { journal, file, lines } = await copy()
    lines.splice(3, 0, lines[3] ?? '')
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['info repeat 5 line 5'])
  })

  it('two contents under one number are a fork', async () => {
    const { journal, file, lines } = await copy()
    const changed = (lines[3] ?? '').replace('"r-4"', '"r-X"')
    const record = parseOtlpLogs(changed).resourceLogs[0]!.scopeLogs![0]!.logRecords![0]!
    lines.splice(4, 0, resealed(lines[3] ?? '', changed, integrityHash(record)))
    writeLines(file, lines)
    expect(await found(journal)).toContain('fork 5 line 5')
  })

  it('a line of another stream is corrupt', async () => {
    const { journal, file, lines } = await copy()
    const other = await onlyStream(await libraryJournal(1))
    writeLines(file, [...lines, linesOf(other.file)[1] ?? ''])
    expect(await found(journal)).toContain('corrupt 3 line 7')
  })

  it('a record behind the one that closed its stream is after_end', async () => {
    const journal = scratchDirectory()
    writeStream(journal, [[[{}], [{ attributes: { 'audit.sequence.end': true } }], [{}]]])
    expect(await found(journal)).toEqual(['after_end 3 line 3'])
  })

  it('text that two parsers read differently is ambiguous', async () => {
    const { journal, file, lines } = await copy()
    const twice = (lines[3] ?? '').replace('"eventName":', '"eventName":"admin.store.delete","eventName":')
    lines[3] = resealed(lines[3] ?? '', twice)
    writeLines(file, lines)
    expect(await found(journal)).toContain('ambiguous 5 line 4')
  })

  it('a header that tells of other records than its line holds is corrupt', async () => {
    const journal = scratchDirectory()
    const { files } = writeStream(journal, [[[{}, {}], [{}]]])
    const [file = ''] = files
    const lines = linesOf(file)
    lines[0] = resealed(lines[0] ?? '', (lines[0] ?? '').replace(/,\{"timeUnixNano".*?\}\](?=\}\]\})/, ']'))
    writeLines(file, lines)
    expect(await found(journal)).toContain('corrupt 1 line 1')
  })

  it('escapes hostile content and hostile file names', async () => {
    const journal = join(scratchDirectory(), 'jour\u001b[31mnal')
    const { files } = writeStream(journal, [[[{ eventName: '\u001b[2J\u202e' }], [{}]]])
    const [file = ''] = files
    writeFileSync(file, `${readFileSync(file, 'utf8')}\u001b]0;owned\u0007 no line\n`)
    const { code, out } = await runCli(['verify', journal])
    expect(code).toBe(1)
    expect(out.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(out[0]).toContain('jour\\u001b[31mnal')
  })
})

describe('otel-audit verify at the end of a stream', () => {
  it('a cut tail is torn and asks for a look', async () => {
    const { journal, file, lines } = await copy()
    truncateSync(file, readFileSync(file).length - 100)
    const { code, findings } = await verify(journal)
    expect(code).toBe(1)
    expect(findings).toMatchObject([{ kind: 'torn', number: 7, line: 6, recordId: recordIdIn(lines[5] ?? '') }])
  })

  it('a cut that reaches below what was durable is corrupt', async () => {
    const { journal, file, stream } = await copy()
    const cursor = { stream, number: 7, hash: 'ab'.repeat(32) }
    writeFileSync(join(journal, stream, 'cursor.json'), JSON.stringify(cursor))
    truncateSync(file, readFileSync(file).length - 100)
    expect(await found(journal)).toEqual(['corrupt 7 line 6'])
  })

  it('whole lines cut off are a lost tail when the delivery cursor knows of them', async () => {
    const { journal, file, stream, lines } = await copy()
    const cursor = { stream, number: 7, hash: 'ab'.repeat(32) }
    writeFileSync(join(journal, stream, 'cursor.json'), JSON.stringify(cursor))
    writeLines(file, lines.slice(0, 4))
    const { findings } = await verify(journal)
    expect(findings).toMatchObject([
      { kind: 'tail_lost', number: 6, message: expect.stringContaining('6 to 7') as string },
    ])
  })

  it('whole lines cut off are a lost tail when the stream that adopted this one knows of them', async () => {
    const directory = await libraryJournal(3)
    const { file } = await onlyStream(directory)
    writeLines(file, linesOf(file).slice(0, 3)) // killed: no stop
    await libraryJournalWithCollector(directory)
    expect(await found(directory)).toEqual([])
    writeLines(file, linesOf(file).slice(0, 2))
    expect((await verify(directory)).findings.map(({ kind }) => kind)).toContain('tail_lost')
  })

  it('what a failed write left and a later segment holds whole is explained', async () => {
    const journal = scratchDirectory()
    const { files, directory } = writeStream(journal, [[[{}], [{}], [{}]]])
    const [file = ''] = files
    const [first = '', second = '', third = ''] = linesOf(file)
    writeFileSync(file, `${first}\n${second.slice(0, 500)}`)
    writeLines(join(directory, segmentFileName(2, 2)), [second, third])
    expect(await found(journal)).toEqual(['info torn 2 line 2'])
  })

  it('waits for a line that is being written', async () => {
    const { journal, file, lines } = await copy()
    const last = `${lines.at(-1) ?? ''}\n`
    writeFileSync(file, `${lines.slice(0, -1).join('\n')}\n${last.slice(0, 300)}`)
    setTimeout(() => writeFileSync(file, last.slice(300), { flag: 'a' }), 30)
    expect((await verify(journal)).code).toBe(0)
  })
})

describe('otel-audit verify on what a Collector wrote', () => {
  const batch = (line: string) => line.replace(/^.*?"resourceLogs"/, '{"resourceLogs"')

  function exported(streams: number, records = 6): string[][] {
    return Array.from({ length: streams }, () => {
      const journal = scratchDirectory()
      const all = Array.from({ length: records }, (): FixtureRecord => ({}))
      return linesOf(writeStream(journal, [all.map((record) => [record])]).files[0] ?? '').map(batch)
    })
  }

  it('takes one file with interleaved batches in any order, beside other signals and ordinary logs', async () => {
    const [one = [], two = []] = exported(2)
    const file = join(scratchDirectory(), 'audit.json')
    const spans = '{"resourceSpans":[{"scopeSpans":[]}]}'
    const log = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"GET /"}}]}]}]}'
    writeLines(file, [
      ...one.slice(0, 2),
      spans,
      ...two.slice(0, 3),
      log,
      one[3] ?? '',
      one[2] ?? '',
      ...one.slice(4),
      ...two.slice(3),
    ])
    const { code, findings, summary } = await verify(file)
    expect({ code, summary }).toMatchObject({ code: 0, summary: { records: 12, ignored: 1, problems: 0 } })
    expect(summary.streams).toHaveLength(2)
    expect(findings.filter(({ problem }) => problem)).toEqual([])
  })

  it('takes a directory with rotated files, whatever their order', async () => {
    const [lines = []] = exported(1)
    const directory = scratchDirectory()
    writeLines(join(directory, 'audit.otlp-2026-11-24T03-00-00.000.jsonl'), lines.slice(0, 2))
    writeLines(join(directory, 'audit.otlp-2026-11-24T04-00-00.000.jsonl'), lines.slice(2, 5))
    writeLines(join(directory, 'audit.otlp.jsonl'), lines.slice(5))
    expect(await found(directory)).toEqual([])
    renameSync(join(directory, 'audit.otlp-2026-11-24T04-00-00.000.jsonl'), join(directory, 'gone'))
    expect(await found(directory)).toEqual(['gap 3 line 1'])
  })

  it('delivered twice is a repeat; removed, altered, forked are problems', async () => {
    const [lines = []] = exported(1)
    const file = join(scratchDirectory(), 'audit.json')
    const run = async (...changed: string[]) => {
      writeLines(file, changed)
      return await found(file)
    }
    expect(await run(...lines, ...lines.slice(1, 3))).toEqual(['info repeat 2 line 7'])
    expect(await run(...lines.slice(0, 2), ...lines.slice(3))).toEqual(['gap 3 line 3'])
    const altered = lines.map((line, i) => (i === 2 ? line.replace('"alice"', '"mallory"') : line))
    expect((await run(...altered)).join()).toMatch(/^(altered 3|wrong_hash 4) line [34]$/)
    expect(await run(...lines, altered[2] ?? '')).toEqual(['fork 3 line 7'])
    expect(await run(...lines, 'no JSON')).toEqual(['corrupt 0 line 7'])
  })

  it('a record that differs between the journal and the Collector is a fork', async () => {
    const { journal, lines } = await copy()
    const file = join(scratchDirectory(), 'collector.jsonl')
    writeLines(file, lines.map(batch))
    const same = await verify(journal, file)
    expect(same).toMatchObject({ code: 0, summary: { records: 14, streams: [{ last: 7 }] } })
    writeLines(
      file,
      lines.map((line) => batch(line).replace('"r-3"', '"r-9"')),
    )
    expect((await found(journal, file)).filter((text) => !text.startsWith('info'))).toEqual(['fork 4 line 3'])
  })
})

describe('otel-audit verify when it cannot check', () => {
  it('exits 3 for what is not there, is no trail, or holds no audit record', async () => {
    const directory = scratchDirectory()
    const ordinary = join(directory, 'logs.json')
    writeLines(ordinary, ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}'])
    mkdirSync(join(directory, 'empty'))
    for (const [path, why] of [
      [join(directory, 'nothing'), 'there is no '],
      [join(directory, 'empty'), 'neither a journal nor'],
      [ordinary, 'there are no audit records in'],
    ] as const) {
      const { code, out, notes } = await runCli(['verify', path])
      expect({ code, out }).toEqual({ code: 3, out: [] })
      expect(notes.join()).toContain(why)
    }
  })
})
