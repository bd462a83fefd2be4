import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem, type FileSystem } from '../../src/journal/file-system.ts'
import { decodeLine } from '../../src/journal/line.ts'
import { SyncWorker, type SyncEngine, type SyncRequest, type SyncResult } from '../../src/journal/sync.ts'
import { freshDirectory, textJournal, textsOf } from './text-journal.ts'

/** A real file system whose next writes fail as told: an error's code, or a number of bytes that are written. */
function failingWrites(failures: (string | number)[]): FileSystem {
  return {
    ...nodeFileSystem,
    write(fd, bytes, start, length) {
      const failure = failures.shift()
      if (failure === undefined) return nodeFileSystem.write(fd, bytes, start, length)
      if (typeof failure === 'number') return nodeFileSystem.write(fd, bytes, start, Math.min(failure, length - 1))
      throw Object.assign(new Error(failure), { code: failure })
    },
  }
}

/** Real syncs whose results are replaced as told; `undefined` leaves one as it is. */
class FailingSyncs implements SyncEngine {
  readonly #real = new SyncWorker()
  readonly #failures: (SyncResult | undefined)[]
  readonly files: number[] = []

  constructor(failures: (SyncResult | undefined)[]) {
    this.#failures = failures
  }

  request(request: SyncRequest, done: (result: SyncResult) => void): void {
    this.files.push(request.file)
    const failure = this.#failures.shift()
    this.#real.request(request, (result) => done(failure ?? result))
  }

  wait(timeoutMillis: number): boolean {
    return this.#real.wait(timeoutMillis)
  }

  poll(): void {
    this.#real.poll()
  }

  close(): void {
    this.#real.close()
  }
}

/** Every valid line on disk, by stream, with the bytes of each (stream, first) seen so far compared. */
function linesOnDisk(directory: string): Map<string, Buffer[]> {
  const streams = new Map<string, Buffer[]>()
  const seen = new Map<string, string>()
  for (const stream of readdirSync(directory).filter((name) => name.length === 36)) {
    const lines: Buffer[] = []
    for (const name of readdirSync(`${directory}/${stream}`)
      .filter((file) => file.endsWith('.jsonl'))
      .sort()) {
      for (const line of readFileSync(`${directory}/${stream}/${name}`, 'latin1').split('\n')) {
        const bytes = Buffer.from(line, 'latin1')
        const decoded = decodeLine(bytes)
        if (!decoded.ok) continue
        const key = `${stream}/${decoded.header.first}`
        expect(seen.get(key) ?? line, `${key} stands twice with different bytes`).toBe(line)
        if (!seen.has(key)) lines.push(bytes)
        seen.set(key, line)
      }
    }
    streams.set(stream, lines)
  }
  return streams
}

describe('a failed write', () => {
  for (const failure of ['EIO', 'ENOSPC', 0, 100]) {
    it(`(${failure}) moves the line to the next segment, byte for byte, and is confirmed there`, async () => {
      const directory = freshDirectory()
      const failures: (string | number)[] = []
      const { journal, append, problems } = textJournal(directory, { fs: failingWrites(failures), delivers: false })
      await append('before')
      failures.push(failure)
      const [a, b] = await Promise.all([append('a'), append('b')])
      expect([a.number, b.number]).toEqual([3, 4])
      await append('after')
      await journal.end()
      expect(problems.map(({ code }) => code)).toEqual([failure === 'EIO' ? 'disk_error' : 'disk_full'])
      expect(journal.status().failure).toBeUndefined()
      const [lines = []] = linesOnDisk(directory).values()
      expect(textsOf(lines.map((bytes) => ({ bytes })))).toEqual(['start', 'before', 'a', 'b', 'after', 'stop'])
      expect(readdirSync(`${directory}/${a.stream}`).filter((name) => name.endsWith('.jsonl'))).toHaveLength(2)
      await journal.close()
    })
  }

  it('twice refuses the records, ends the stream without end, and the next stream says why and how many', async () => {
    const directory = freshDirectory()
    const failures: (string | number)[] = []
    const { journal, append } = textJournal(directory, { fs: failingWrites(failures), delivers: false })
    const { stream } = await append('before')
    failures.push('ENOSPC', 'ENOSPC')
    await expect(append('refused')).rejects.toMatchObject({ code: 'disk_full' })
    expect(journal.status().failure?.code).toBe('disk_full')
    await new Promise((resolve) => setImmediate(resolve))
    const after = await append('after')
    expect(after.stream).not.toBe(stream)
    expect(after.number).toBe(3)
    expect(journal.status().failure).toBeUndefined()
    await journal.end()
    const streams = linesOnDisk(directory)
    expect(textsOf((streams.get(stream) ?? []).map((bytes) => ({ bytes })))).toEqual(['start', 'before'])
    const texts = textsOf((streams.get(after.stream) ?? []).map((bytes) => ({ bytes })))
    expect(texts[0]).toContain('start after audit journal')
    expect(texts[0]).toContain('ENOSPC')
    expect(texts.slice(1)).toEqual(['gap disk_full 1', 'after', 'stop'])
    await journal.close()
  })

  it('leaves no beginnings of streams behind while the disk stays full', async () => {
    const directory = freshDirectory()
    const full: FileSystem = {
      ...nodeFileSystem,
      write: () => {
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
      },
    }
    const { append } = textJournal(directory, { fs: full, delivers: false })
    for (let i = 0; i < 5; i++) {
      await expect(append(`r${i}`)).rejects.toMatchObject({
        code: 'disk_full',
        message: expect.stringContaining('Make room') as string,
      })
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('a failed fdatasync', () => {
  it('is never tried again on the same file; the lines go to a new one', async () => {
    const directory = freshDirectory()
    const engine = new FailingSyncs([undefined, { ok: false, code: 'EIO', of: 'file' }])
    const { journal, append } = textJournal(directory, { engine, delivers: false })
    await append('before')
    const receipt = await append('moved')
    expect(receipt.number).toBe(3)
    await append('after')
    await journal.end()
    const [, failed, ...later] = engine.files
    expect(later.length).toBeGreaterThan(1)
    expect(later).not.toContain(failed)
    const [lines = []] = linesOnDisk(directory).values()
    expect(textsOf(lines.map((bytes) => ({ bytes })))).toEqual(['start', 'before', 'moved', 'after', 'stop'])
    await journal.close()
  })

  it('of a directory counts as well', async () => {
    const directory = freshDirectory()
    const failure = { ok: false, code: 'EIO', of: 'directory' } as const
    const { append } = textJournal(directory, { engine: new FailingSyncs([failure, failure]), delivers: false })
    await expect(append('refused')).rejects.toMatchObject({ code: 'disk_error' })
  })

  it('twice refuses, and numbers are not used again', async () => {
    const directory = freshDirectory()
    const failure = { ok: false, code: 'EIO', of: 'file' } as const
    const { journal, append } = textJournal(directory, {
      engine: new FailingSyncs([undefined, failure, failure]),
      delivers: false,
    })
    const before = await append('before')
    await expect(append('refused')).rejects.toMatchObject({ code: 'disk_error' })
    await new Promise((resolve) => setImmediate(resolve))
    const after = await append('after')
    expect(after.stream).not.toBe(before.stream)
    await journal.end()
    linesOnDisk(directory)
    await journal.close()
  })
})

describe('a segment that is deleted while in use', () => {
  it('is noticed before the next acknowledgement, and its records go on in a new one', async () => {
    const directory = freshDirectory()
    const { journal, append, problems } = textJournal(directory)
    const { stream } = await append('one')
    await append('two')
    const [segment = ''] = readdirSync(`${directory}/${stream}`).filter((name) => name.endsWith('.jsonl'))
    rmSync(`${directory}/${stream}/${segment}`)
    await append('three')
    expect(problems.some(({ message }) => message.includes('was deleted or renamed while in use'))).toBe(true)
    const lines = journal.nextStream()?.readLines(1_000_000) ?? []
    expect(textsOf(lines)).toEqual(['start', 'one', 'two', 'three'])
    await journal.end()
    await journal.close()
  })

  it('with its whole directory', async () => {
    const directory = freshDirectory()
    const { journal, append } = textJournal(directory)
    await append('one')
    rmSync(directory, { recursive: true })
    await append('two')
    await append('three')
    expect(textsOf(journal.nextStream()?.readLines(1_000_000) ?? [])).toEqual(['start', 'one', 'two', 'three'])
    await journal.end()
    await journal.close()
  })
})
