import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { segmentFileName } from '../../src/journal/names.ts'
import { scratchDirectory, writeStream, type FixtureRecord } from './journal-fixture.ts'
import { libraryJournalWithCollector } from './library-journal-with-collector.ts'
import { libraryJournal, linesOf, onlyStream, writeLines } from './library-journal.ts'
import { runCli } from './run-cli.ts'
import { found, libraryCopy, recordIdIn, verify } from './verified.ts'

describe('otel-audit verify at the end of a stream', () => {
  it('a cut tail is torn and asks for a look', async () => {
    const { journal, file, lines } = await libraryCopy()
    truncateSync(file, readFileSync(file).length - 100)
    const { code, findings } = await verify(journal)
    expect(code).toBe(1)
    expect(findings).toMatchObject([{ kind: 'torn', number: 7, line: 6, recordId: recordIdIn(lines[5] ?? '') }])
  })

  it('a cut that reaches below what was durable is corrupt', async () => {
    const { journal, file, stream } = await libraryCopy()
    const cursor = { stream, number: 7, hash: 'ab'.repeat(32) }
    writeFileSync(join(journal, stream, 'cursor.json'), JSON.stringify(cursor))
    truncateSync(file, readFileSync(file).length - 100)
    expect(await found(journal)).toEqual(['corrupt 7 line 6'])
  })

  it('whole lines cut off are a lost tail when the delivery cursor knows of them', async () => {
    const { journal, file, stream, lines } = await libraryCopy()
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

  it('garbage before lines of the same segment is corrupt, though its number stands whole behind it', async () => {
    for (const garbage of ['garbage', 'a copy with one bit flipped']) {
      const { journal, file, lines } = await libraryCopy()
      const copy = (lines[1] ?? '').replace('"r-2"', '"r-3"')
      lines.splice(1, 0, garbage === 'garbage' ? garbage : copy)
      writeLines(file, lines)
      expect(await found(journal), garbage).toContain('corrupt 3 line 2')
      const messages = (await verify(journal)).findings.map(({ message }) => message)
      expect(messages).toContainEqual(expect.stringContaining('stands whole in the same file'))
    }
  })

  it('a segment whose sync failed may hold sound lines behind a damaged one: a later segment has all of them', async () => {
    const journal = scratchDirectory()
    const { files, directory } = writeStream(journal, [[[{}], [{}], [{}], [{}]]])
    const [file = ''] = files
    const [first = '', second = '', third = '', fourth = ''] = linesOf(file)
    writeLines(file, [first, '\0'.repeat(second.length), third])
    writeLines(join(directory, segmentFileName(2, 2)), [second.slice(0, 300)]) // failed as well
    writeLines(join(directory, segmentFileName(2, 3)), [second, third, fourth])
    const all = await found(journal)
    expect(all.filter((text) => !/^info (repeat|reorder)/.test(text))).toEqual([
      'info torn 2 line 2',
      'info torn 2 line 1',
    ])
  })

  it('a durable line that was damaged later is corrupt, though an earlier failed segment has it whole', async () => {
    const journal = scratchDirectory()
    const { files, directory } = writeStream(journal, [[[{}], [{}], [{}]]])
    const [first = '', second = '', third = ''] = linesOf(files[0] ?? '')
    writeLines(files[0] ?? '', [first, second])
    writeLines(join(directory, segmentFileName(2, 2)), [second.replace('alice', 'mallo'), third])
    expect(await found(journal)).toContain('corrupt 2 line 1')
  })

  it('a second copy that failed as well is explained by the first: nothing of it was acknowledged', async () => {
    const journal = scratchDirectory()
    const { files, directory } = writeStream(journal, [[[{}], [{}]]])
    const [, second = ''] = linesOf(files[0] ?? '')
    writeLines(join(directory, segmentFileName(2, 2)), [second.slice(0, 300)])
    expect(await found(journal)).toEqual(['info torn 2 line 1'])
  })

  it('lines that were written again, since their segment lost its name, are in their place', async () => {
    const journal = scratchDirectory()
    const { files, directory } = writeStream(
      journal,
      [1, 2, 3, 4, 5].map((n) => [[{ requestId: `r-${n}` }]]),
    )
    const lines = files.map((file) => linesOf(file)[0] ?? '')
    rmSync(files[1] ?? '')
    rmSync(files[4] ?? '')
    writeLines(join(directory, segmentFileName(2, 6)), [lines[1] ?? '', lines[4] ?? ''])
    expect((await found(journal)).filter((text) => !text.startsWith('info'))).toEqual([])
    const { out } = await runCli(['tail', '-n', 'all', '--dir', journal])
    expect(out.map((line) => /r-\d/.exec(line)?.[0]).sort()).toEqual(['r-1', 'r-2', 'r-3', 'r-4', 'r-5'])
    const { out: status } = await runCli(['status', '--json', '--dir', journal])
    expect(JSON.parse(status.join(''))).toMatchObject({ records: 5 })
  })

  it('segments that swapped their names are corrupt', async () => {
    const journal = scratchDirectory()
    const [one = '', two = ''] = writeStream(journal, [[[{}]], [[{}]]]).files
    renameSync(one, `${one}.away`)
    renameSync(two, one)
    renameSync(`${one}.away`, two)
    expect((await found(journal)).filter((text) => !text.startsWith('info'))).toEqual([
      'corrupt 2 line 1',
      'corrupt 1 line 1',
    ])
  })

  it('a torn tail that the next start found and recorded is explained', async () => {
    const directory = await libraryJournal(3)
    const { file } = await onlyStream(directory)
    truncateSync(file, readFileSync(file).length - 100)
    expect(await found(directory)).toEqual(['torn 5 line 4'])
    await libraryJournalWithCollector(directory)
    expect(await found(directory)).toEqual(['info torn 5 line 4'])
  })

  it('waits for a line that is being written', async () => {
    const { journal, file, lines } = await libraryCopy()
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

  it('takes requests, whole or cut, onto whose line the next life of a killed Collector wrote', async () => {
    const [lines = []] = exported(1)
    const [one = '', two = '', three = '', ...rest] = lines.map((line) => line.replace('"fixture"', '"Zürich"'))
    const file = join(scratchDirectory(), 'audit.json')
    const run = async (...written: (string | Buffer)[]) => {
      writeFileSync(file, Buffer.concat(written.map((text) => Buffer.from(text))))
      return await found(file)
    }
    const others = rest.map((line) => `${line}\n`).join('')
    expect(await run(one, two, `${three}\n`, others)).toEqual([])
    for (const length of [1, 16, 17, 300, Buffer.from(two).indexOf('ü') + 1, two.length - 1]) {
      const cut = Buffer.from(two).subarray(0, length)
      expect(await run(`${one}\n`, cut, two, `${three}\n`, others)).toEqual(['info torn 0 line 2'])
      if (length < 17) continue // too short to be told from the request before
      expect(await run(one, cut, cut, two, `${three}\n`, others)).toEqual(['info torn 0 line 1', 'info torn 0 line 1'])
      expect(await run(one, cut, `${three}\n`, others)).toEqual(['gap 2 line 1', 'info torn 0 line 1'])
    }
    expect(await run(one, `${two.slice(0, 300)}\n`, others)).toContain('corrupt 0 line 1')
  })

  it('a file with one request that is cut is a damaged trail, not a file of another kind', async () => {
    const [[line = ''] = []] = exported(1)
    const file = join(scratchDirectory(), 'audit.json')
    writeFileSync(file, line.slice(0, 300))
    expect(await found(file)).toEqual(['torn 0 line 1'])
  })

  it('a record that differs between the journal and the Collector is a fork', async () => {
    const { journal, lines } = await libraryCopy()
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
