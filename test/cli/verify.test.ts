import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { integrityHash, parseOtlpLogs } from '../../src/integrity/index.ts'
import { scratchDirectory, writeStream } from './journal-fixture.ts'
import { libraryJournal, linesOf, onlyStream, resealed, writeLines } from './library-journal.ts'
import { runCli } from './run-cli.ts'
import { found, libraryCopy, recordIdIn, verify } from './verified.ts'

describe('otel-audit verify on a journal of the library', () => {
  it('finds nothing, names stream, numbers and head, and counts', async () => {
    const { journal, stream, lines } = await libraryCopy()
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
    const { journal, file } = await libraryCopy()
    const path = what === 'the journal' ? journal : what === 'the segment' ? file : dirname(file)
    const { code, summary } = await verify(path)
    expect({ code, summary }).toMatchObject({ code: 0, summary: { ok: true, records: 7, streams: [{ ended: true }] } })
  })

  it('takes the journal of --dir or AUDIT_JOURNAL_DIR when no path is given', async () => {
    const { journal } = await libraryCopy()
    expect((await verify('--dir', journal)).summary.records).toBe(7)
    expect((await runCli(['verify'], { AUDIT_JOURNAL_DIR: journal })).code).toBe(0)
  })

  it('a flipped byte: wrong CRC at file and line, and the altered record with its id', async () => {
    const { journal, file, stream, lines } = await libraryCopy()
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
    const { journal, file } = await libraryCopy()
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
    const { journal, file, lines } = await libraryCopy()
    lines[3] = resealed(lines[3] ?? '', (lines[3] ?? '').replace('"success"', '"failure"'))
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['altered 5 line 4'])
  })

  it('a rewritten record with a fresh CRC and a fresh head hash in its line breaks the chain', async () => {
    const { journal, file, lines } = await libraryCopy()
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
    const { journal, file, lines } = await libraryCopy()
    lines[5] = resealed(lines[5] ?? '', (lines[5] ?? '').replace('"success"', '"failure"'))
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['altered 7 line 6'])
  })

  it('a removed line is a gap', async () => {
    const { journal, file, lines } = await libraryCopy()
    lines.splice(3, 1)
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['gap 5 line 4'])
  })

  it('a removed beginning is a gap in a journal, belies the name of a segment, and is nothing in a part', async () => {
    const { journal, file, lines } = await libraryCopy()
    writeLines(file, lines.slice(2))
    expect(await found(journal)).toEqual(['corrupt 4 line 1', 'gap 1 line 1'])
    expect(await found(file)).toEqual(['corrupt 4 line 1']) // its name says that it begins with 1
    const part = join(scratchDirectory(), 'part.jsonl')
    writeLines(part, lines.slice(2))
    expect(await found(part)).toEqual([])
  })

  it('swapped lines are a reorder', async () => {
    const { journal, file, lines } = await libraryCopy()
    const [third = '', fourth = ''] = lines.slice(2, 4)
    lines.splice(2, 2, fourth, third)
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['reorder 4 line 4'])
  })

  it('a duplicated line is a repeat and no problem', async () => {
    const { journal, file, lines } = await libraryCopy()
    lines.splice(3, 0, lines[3] ?? '')
    writeLines(file, lines)
    expect(await found(journal)).toEqual(['info repeat 5 line 5'])
  })

  it('two contents under one number are a fork', async () => {
    const { journal, file, lines } = await libraryCopy()
    const changed = (lines[3] ?? '').replace('"r-4"', '"r-X"')
    const record = parseOtlpLogs(changed).resourceLogs[0]!.scopeLogs![0]!.logRecords![0]!
    lines.splice(4, 0, resealed(lines[3] ?? '', changed, integrityHash(record)))
    writeLines(file, lines)
    expect(await found(journal)).toContain('fork 5 line 5')
  })

  it('a line of another stream is corrupt', async () => {
    const { journal, file, lines } = await libraryCopy()
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
    const { journal, file, lines } = await libraryCopy()
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

describe('otel-audit verify when it cannot check', () => {
  it('exits 3 for what is not there, is no trail, or holds no audit record', async () => {
    const directory = scratchDirectory()
    const ordinary = join(directory, 'logs.json')
    writeLines(ordinary, ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}'])
    mkdirSync(join(directory, 'empty'))
    mkdirSync(join(directory, 'new', 'set-aside'), { recursive: true })
    for (const [path, why] of [
      [join(directory, 'nothing'), 'there is no '],
      [join(directory, 'empty'), 'neither a journal nor'],
      [join(directory, 'new'), 'there are no audit records in'],
      [ordinary, 'there are no audit records in'],
    ] as const) {
      const { code, out, notes } = await runCli(['verify', path])
      expect({ code, out }).toEqual({ code: 3, out: [] })
      expect(notes.join()).toContain(why)
    }
  })

  it('exits 3 for a file in which nothing is a request, and says of requests over several lines what it expects', async () => {
    const { file: segment, lines } = await libraryCopy()
    const directory = scratchDirectory()
    const notes = join(directory, 'notes.json')
    const pretty = join(directory, 'pretty')
    const binary = join(directory, 'binary')
    writeFileSync(binary, randomBytes(100_000))
    const request = JSON.parse((lines[0] ?? '').replace(/^.*?"resourceLogs"/, '{"resourceLogs"')) as unknown
    writeFileSync(notes, Array(200).fill('a line\n{}\n').join(''))
    writeFileSync(pretty, JSON.stringify(request, null, 2))
    for (const threads of ['1', '2']) {
      for (const path of [notes, directory, binary]) {
        const result = await runCli(['verify', '--threads', threads, path])
        expect(result).toMatchObject({ code: 3, out: [] })
        expect(result.notes).toEqual([expect.stringContaining(`${path} is not a journal nor a Collector's file`)])
      }
    }
    expect(await runCli(['verify', pretty])).toMatchObject({
      code: 3,
      out: [],
      notes: [expect.stringContaining('one OTLP/JSON request a line is expected')],
    })
    writeFileSync(notes, `text\n${lines[0] ?? ''}\n`)
    expect((await verify(notes)).code, 'a sound line').toBe(1)
    writeFileSync(segment, 'text\n')
    expect((await verify(segment)).code, 'the name of a segment').toBe(1)
    writeFileSync(join(dirname(segment), 'text'), 'text\n')
    expect((await verify(join(dirname(segment), 'text'))).code, 'in a stream’s directory').toBe(1)
  })

  it('does not follow a symbolic link in the place of a segment; one that is named it does', async () => {
    const { journal, file } = await libraryCopy()
    const link = join(scratchDirectory(), 'link')
    symlinkSync(file, link)
    expect((await verify(link)).code).toBe(0)
    renameSync(file, `${file}.away`)
    symlinkSync(`${file}.away`, file)
    for (const verb of ['verify', 'status', 'tail']) {
      const notes = [`otel-audit ${verb}: ${file} is a symbolic link; no journal has any`]
      expect(await runCli([verb, journal])).toEqual({ code: 3, out: [], notes })
    }
  })
})
