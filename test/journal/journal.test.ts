import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createAuditLogger } from '../../src/create-audit-logger.ts'
import { nodeFileSystem, type FileSystem } from '../../src/journal/file-system.ts'
import { decodeLine } from '../../src/journal/line.ts'
import { freshDirectory, textJournal, textsOf } from './text-journal.ts'

function streamsIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.length === 36)
}

function segmentsIn(directory: string, stream: string): string[] {
  return readdirSync(`${directory}/${stream}`)
    .filter((name) => name.endsWith('.otlp.jsonl'))
    .sort()
}

function linesIn(directory: string): Buffer[] {
  const [stream = ''] = streamsIn(directory)
  return segmentsIn(directory, stream).flatMap((name) => {
    const text = readFileSync(`${directory}/${stream}/${name}`, 'latin1')
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => Buffer.from(line, 'latin1'))
  })
}

describe('a journal', () => {
  it('numbers records from the start record on and keeps them in order', async () => {
    const directory = freshDirectory()
    const { journal, append } = textJournal(directory)
    const receipts = await Promise.all(Array.from({ length: 1500 }, (_, i) => append(`r${i}`)))
    expect(receipts.map(({ number }) => number)).toEqual(Array.from({ length: 1500 }, (_, i) => i + 2))
    await journal.end()
    await journal.close()
    const lines = linesIn(directory)
    const headers = lines.map((line) => decodeLine(line))
    expect(headers.every(({ ok }) => ok)).toBe(true)
    expect(textsOf(lines.map((bytes) => ({ bytes })))).toEqual(['start', ...receipts.map((_, i) => `r${i}`), 'stop'])
    expect(lines.length).toBeLessThan(8)
  })

  it('is private to its owner', async () => {
    const directory = freshDirectory()
    const { journal, append } = textJournal(directory)
    const { stream } = await append('secret')
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const [segment = ''] = segmentsIn(directory, stream)
    expect(statSync(`${directory}/${stream}/${segment}`).mode & 0o777).toBe(0o600)
    await journal.end()
    await journal.close()
  })

  it('begins a segment when the present one is full and reads across it', async () => {
    const directory = freshDirectory()
    const { journal, append } = textJournal(directory, { segmentMaxBytes: 4096 })
    for (let i = 0; i < 40; i++) await append(`r${i} ${'x'.repeat(200)}`)
    const stream = journal.nextStream()
    const lines = stream?.readLines(10_000_000) ?? []
    expect(textsOf(lines)).toHaveLength(41)
    expect(segmentsIn(directory, stream?.id ?? '').length).toBeGreaterThan(3)
    await journal.end()
    await journal.close()
  })

  it('hands a line larger than its bound out alone', async () => {
    const directory = freshDirectory()
    const { journal, append } = textJournal(directory)
    const big = 'ü'.repeat(1_500_000)
    await Promise.all([append('before'), append(big), append('after')])
    const lines = journal.nextStream()?.readLines(1) ?? []
    expect(lines).toHaveLength(1)
    const all = journal.nextStream()?.readLines(100_000_000) ?? []
    expect(textsOf(all)).toEqual(['start', 'before', big, 'after'])
    expect(all.map(({ first, last }) => [first, last])).toEqual([
      [1, 2],
      [3, 3],
      [4, 4],
    ])
    await journal.end()
    await journal.close()
  })

  it('keeps the bytes of lines that are not delivered yet, whatever is read in between', async () => {
    const { journal, append } = textJournal(freshDirectory())
    for (let line = 0; line < 24; line++) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => append(`${line}/${i} ${'x'.repeat(2_000)}`)))
    }
    const stream = journal.nextStream()
    const texts: string[] = []
    for (let lines = stream?.readLines(600_000) ?? []; lines.length > 0; lines = stream?.readLines(600_000) ?? []) {
      expect(lines.length).toBeGreaterThan(1)
      const copies = lines.map(({ bytes }) => ({ bytes: Buffer.from(bytes) }))
      for (const { last, headHash } of lines) {
        journal.status() // reads the oldest undelivered line
        expect(lines.at(-1)?.bytes).toEqual(copies.at(-1)?.bytes)
        stream?.advance({ number: last, hash: headHash })
      }
      texts.push(...textsOf(copies))
    }
    expect(texts).toHaveLength(2_401)
    expect(texts.at(-1)).toMatch(/^23\/99 /)
    await journal.end()
    await journal.close()
  })

  it('leaves no file open when a stream is read after it was closed', async () => {
    const open = new Set<number>()
    const fs: FileSystem = {
      ...nodeFileSystem,
      openForReading: (file) => {
        const fd = nodeFileSystem.openForReading(file)
        open.add(fd)
        return fd
      },
      close: (fd) => {
        open.delete(fd)
        nodeFileSystem.close(fd)
      },
    }
    const { journal, append } = textJournal(freshDirectory(), { fs })
    await append('one')
    const stream = journal.nextStream()
    expect(textsOf(stream?.readLines(1_000) ?? [])).toEqual(['start', 'one'])
    expect(open.size).toBe(1)
    await journal.end()
    await journal.close()
    expect(textsOf(stream?.readLines(1_000_000) ?? [])).toEqual(['start', 'one', 'stop'])
    expect(open.size).toBe(0)
  })

  it('lets the event loop turn while callers answer each acknowledgement with their next record', async () => {
    const logger = createAuditLogger({ serviceName: 'shop', journal: { dir: freshDirectory() }, collector: false })
    const event = {
      adminUserId: 'mara',
      action: 'update_setting',
      targetType: 'setting',
      targetId: 'mail',
      details: { text: 'x'.repeat(2_000), list: Array.from({ length: 20 }, (_, i) => i) },
    }
    let left = 30_000
    let turns = 0
    const caller = async (): Promise<void> => {
      while (left-- > 0) await logger.logAction(event)
    }
    const turn = setInterval(() => turns++, 0)
    await Promise.all(Array.from({ length: 1_024 }, caller))
    clearInterval(turn)
    expect(turns).toBeGreaterThan(20) // 30 rounds
    await logger.shutdown()
  })

  it('delivers an earlier life first, names it in its own stream and marks it once delivered', async () => {
    const directory = freshDirectory()
    const first = textJournal(directory)
    const { stream: old } = await first.append('from the first life')
    await first.journal.end()
    await first.journal.close()
    const second = textJournal(directory)
    await second.append('from the second life')
    second.journal.recover()
    const adopted = second.journal.nextStream()
    expect(adopted?.id).toBe(old)
    const lines = adopted?.readLines(1_000_000) ?? []
    expect(textsOf(lines)).toEqual(['start', 'from the first life', 'stop'])
    const end = lines.at(-1)
    adopted?.advance({ number: end?.last ?? 0, hash: end?.headHash ?? '' })
    const own = second.journal.nextStream()
    expect(own?.live).toBe(true)
    await second.journal.flush()
    expect(textsOf(own?.readLines(1_000_000) ?? [])).toEqual([
      'start',
      'from the second life',
      `adopt ${old} 3 unended`,
    ])
    await second.journal.end()
    await second.journal.close()
    await expect.poll(() => existsSync(`${directory}/${old}/delivered.json`)).toBe(true)
    const third = textJournal(directory)
    await third.append('third')
    third.journal.recover()
    expect(third.journal.nextStream()?.id).not.toBe(old)
    await third.journal.end()
    await third.journal.close()
  })

  it('resumes behind the cursor of an adopted stream, and from its beginning when the cursor is forged', async () => {
    const directory = freshDirectory()
    const first = textJournal(directory)
    await first.append('a')
    await first.append('b')
    const live = first.journal.nextStream()
    const [one, two] = live?.readLines(1_000_000) ?? []
    expect(one?.last).toBe(2)
    live?.advance({ number: one?.last ?? 0, hash: one?.headHash ?? '' })
    await first.journal.end()
    await first.journal.close()
    const second = textJournal(directory)
    second.journal.recover()
    const resumed = second.journal.nextStream()
    expect(textsOf(resumed?.readLines(1_000_000) ?? [])).toEqual(['b', 'stop'])
    await second.journal.end()
    await second.journal.close()
    const forged = { stream: live?.id, number: two?.last, hash: '0'.repeat(64) }
    writeFileSync(`${directory}/${live?.id}/cursor.json`, JSON.stringify(forged))
    const third = textJournal(directory)
    third.journal.recover()
    expect(third.problems.map(({ code }) => code)).toContain('corrupt')
    expect(textsOf(third.journal.nextStream()?.readLines(1_000_000) ?? [])).toEqual(['start', 'a', 'b', 'stop'])
    await third.journal.end()
    await third.journal.close()
  })

  it('passes over an empty segment that a failed opening left, and delivers the record that its name speaks of', async () => {
    const directory = freshDirectory()
    const first = textJournal(directory)
    await first.append('a')
    await first.append('b')
    const live = first.journal.nextStream()
    const [one] = live?.readLines(1_000_000) ?? []
    live?.advance({ number: one?.last ?? 0, hash: one?.headHash ?? '' })
    await first.journal.end()
    await first.journal.close()
    writeFileSync(`${directory}/${live?.id}/00000000000000000003-000002.otlp.jsonl`, '')
    const second = textJournal(directory)
    second.journal.recover()
    expect(textsOf(second.journal.nextStream()?.readLines(1_000_000) ?? [])).toEqual(['b', 'stop'])
    await second.journal.end()
    await second.journal.close()
  })

  it('leaves a stream alone while its writer lives', async () => {
    const directory = freshDirectory()
    const writer = textJournal(directory)
    const { stream } = await writer.append('mine')
    const other = textJournal(directory)
    await other.append('other')
    other.journal.recover()
    expect(other.journal.nextStream()?.id).not.toBe(stream)
    await other.journal.end()
    await other.journal.close()
    await writer.journal.end()
    await writer.journal.close()
  })

  it('refuses a symbolic link and a directory that everybody may write', async () => {
    const { mkdirSync, symlinkSync, chmodSync } = await import('node:fs')
    const real = freshDirectory()
    mkdirSync(real, { recursive: true })
    symlinkSync(real, `${real}-link`)
    await expect(textJournal(`${real}-link`).append('x')).rejects.toMatchObject({
      code: 'disk_error',
      message: expect.stringContaining('symbolic link') as string,
    })
    chmodSync(real, 0o777)
    await expect(textJournal(real).append('x')).rejects.toMatchObject({
      code: 'disk_error',
      message: expect.stringContaining('writable by everybody') as string,
    })
  })
})
