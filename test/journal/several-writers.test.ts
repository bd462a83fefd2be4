import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/journal/file-system.ts'
import type { Journal } from '../../src/journal/journal.ts'
import type { SourceStream } from '../../src/journal/journal-source.ts'
import { takeSqliteLock, type TakeLock } from '../../src/journal/lock.ts'
import { freshDirectory, textJournal, textsOf } from './text-journal.ts'

/** As on a file system without locks. */
const noLocks: TakeLock = () => ({ state: 'unavailable', reason: 'none here' })

async function end(journal: Journal<string>): Promise<void> {
  await journal.end()
  await journal.close()
}

function deliver(stream: SourceStream | undefined): string[] {
  const lines = stream?.readLines(1e9) ?? []
  const last = lines.at(-1)
  if (last !== undefined) stream?.advance({ number: last.last, hash: last.headHash })
  return textsOf(lines)
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

describe('a stream that begins', () => {
  it('is locked before it has a segment, and without a segment nobody adopts it', async () => {
    const directory = freshDirectory()
    const states: string[] = []
    const { journal, append } = textJournal(directory, {
      newStreamId: () => '00000000-0000-4000-8000-000000000001',
      takeLock: (file) => {
        states.push(readdirSync(file.replace(/\/lock$/, '')).join())
        return takeSqliteLock(file)
      },
    })
    await append('first')
    expect(states[0]).toBe('lock')
    await end(journal)

    const born = '00000000-0000-4000-8000-000000000002'
    mkdirSync(`${directory}/${born}`)
    const other = textJournal(directory)
    other.journal.recover()
    other.journal.nextStream()
    await settled()
    expect(readdirSync(`${directory}/${born}`)).toEqual([])
    await end(other.journal)
  })

  it('leaves nothing behind when it can not begin', async () => {
    const directory = freshDirectory()
    const { journal, append } = textJournal(directory, {
      fs: {
        ...nodeFileSystem,
        createSegment: () => {
          throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
        },
      },
    })
    await expect(append('refused')).rejects.toMatchObject({ code: 'disk_full' })
    expect(readdirSync(directory).filter((name) => name.length === 36)).toEqual([])
    await end(journal)
  })
})

it('a stream of a dead writer without a readable record is marked as delivered through nothing', async () => {
  const directory = freshDirectory()
  const dead = `${directory}/00000000-0000-4000-8000-000000000003`
  mkdirSync(dead, { recursive: true, mode: 0o700 })
  writeFileSync(`${dead}/00000000000000000001-000001.otlp.jsonl`, '')
  const { journal } = textJournal(directory)
  journal.recover()
  expect(journal.nextStream()).toBeUndefined()
  await expect.poll(() => existsSync(`${dead}/delivered.json`)).toBe(true)
  const marker: unknown = JSON.parse(readFileSync(`${dead}/delivered.json`, 'utf8'))
  expect(marker).toMatchObject({ number: 0, hash: '', bytes: 0 })
  await end(journal)
})

describe('without locks', () => {
  it('what a living writer adds after another one has delivered its stream is delivered when it is gone', async () => {
    const directory = freshDirectory()
    const writer = textJournal(directory, { takeLock: noLocks, delivers: false })
    const { stream } = await writer.append('before')
    const thief = textJournal(directory, { takeLock: noLocks })
    thief.journal.recover()
    expect(deliver(thief.journal.nextStream())).toEqual(['start', 'before'])
    thief.journal.nextStream()
    const marker = `${directory}/${stream}/delivered.json`
    await expect.poll(() => existsSync(marker), { timeout: 10_000 }).toBe(true)
    const before = readFileSync(marker, 'utf8')
    await writer.append('after')
    await end(writer.journal)
    await end(thief.journal)

    const next = textJournal(directory, { takeLock: noLocks })
    next.journal.recover()
    expect(deliver(next.journal.nextStream())).toContain('after')
    next.journal.nextStream()
    await expect.poll(() => readFileSync(marker, 'utf8'), { timeout: 10_000 }).not.toBe(before)
    await end(next.journal)
    const last = textJournal(directory, { takeLock: noLocks })
    last.journal.recover()
    expect(last.journal.nextStream()?.id).not.toBe(stream)
    await end(last.journal)
  })

  it('retention keeps a stream that has grown since it was marked as delivered', async () => {
    const directory = freshDirectory()
    const first = textJournal(directory)
    const { stream } = await first.append('a')
    deliver(first.journal.nextStream())
    await first.journal.end()
    deliver(first.journal.nextStream())
    await first.journal.close()
    const files = readdirSync(`${directory}/${stream}`)
    const segment = files.find((name) => name.endsWith('.jsonl')) ?? ''
    const text = readFileSync(`${directory}/${stream}/${segment}`)
    appendFileSync(`${directory}/${stream}/${segment}`, 'x')
    utimesSync(`${directory}/${stream}/delivered.json`, 1, 1)
    const second = textJournal(directory, { retainMillis: 1000 })
    second.journal.recover()
    expect(existsSync(`${directory}/${stream}/${segment}`)).toBe(true)
    await end(second.journal)

    writeFileSync(`${directory}/${stream}/${segment}`, text)
    utimesSync(`${directory}/${stream}/delivered.json`, 1, 1)
    const third = textJournal(directory, { retainMillis: 1000 })
    third.journal.recover()
    expect(existsSync(`${directory}/${stream}`)).toBe(false)
    await end(third.journal)
  })

  it('retention takes away what a writer left that died before its first segment, unless it may still live', async () => {
    const directory = freshDirectory()
    const [old, young, held] = ['0', '1', '2'].map(
      (digit) => `${directory}/${digit}0000000-0000-4000-8000-000000000000`,
    )
    for (const stream of [old, young, held]) {
      mkdirSync(stream ?? '', { recursive: true })
      writeFileSync(`${stream}/lock`, '')
    }
    const lock = takeSqliteLock(`${held}/lock`)
    for (const stream of [old, held]) utimesSync(stream ?? '', 1, 1)
    const { journal } = textJournal(directory, { retainMillis: 1000 })
    journal.recover()
    expect([old, young, held].map((stream) => existsSync(stream ?? ''))).toEqual([false, true, true])
    if (lock.state === 'held') lock.lock.release()
    await end(journal)
  })
})

describe('an own stream', () => {
  it('is not delivered before the first look for older ones', async () => {
    const directory = freshDirectory()
    const first = textJournal(directory)
    await first.append('old')
    await end(first.journal)
    const second = textJournal(directory)
    second.journal.open()
    expect(second.journal.nextStream()).toBeUndefined()
    await second.append('new')
    expect(deliver(second.journal.nextStream())).toEqual(['start', 'old', 'stop'])
    expect(deliver(second.journal.nextStream())).toContain('new')
    await end(second.journal)
  })

  it('comes after the adopted ones for who asks what follows', async () => {
    const directory = freshDirectory()
    for (const text of ['one', 'two']) {
      const life = textJournal(directory)
      await life.append(text)
      await end(life.journal)
    }
    const { journal, append } = textJournal(directory)
    await append('three')
    const one = journal.nextStream()
    const two = journal.nextStream(one?.id)
    const own = journal.nextStream(two?.id)
    expect([one, two, own].map((stream) => textsOf(stream?.readLines(1e9) ?? []).at(1))).toContain('two')
    expect([one, two, own].map((stream) => stream?.live)).toEqual([false, false, true])
    expect(journal.nextStream(own?.id)).toBeUndefined()
    await end(journal)
  })
})
