import { rmSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/journal/file-system.ts'
import type { SetAsideEntry } from '../../src/journal/journal-source.ts'
import { SetAsideStore } from '../../src/journal/set-aside.ts'
import { freshDirectory, textJournal, textsOf } from './text-journal.ts'

const stream = '5b0c2f6e-0000-4000-8000-000000000001'

function entry(number: number, reason: SetAsideEntry['reason']): SetAsideEntry {
  const status = reason === 'duplicate' ? 409 : 400
  const answer = { status, body: '', receivedAt: '2026-01-01T00:00:00.000Z' }
  return { stream, number, recordId: `r-${number}`, reason, request: '{}', answer }
}

it('counts what was rejected and what is damaged, not what the far end has already', () => {
  const directory = freshDirectory()
  const before = new SetAsideStore(nodeFileSystem, directory)
  before.add(entry(1, 'rejected'))
  before.add(entry(2, 'duplicate'))
  writeFileSync(`${directory}/set-aside/${stream}-3.json`, '{"request":')
  const after = new SetAsideStore(nodeFileSystem, directory)
  after.add(entry(4, 'duplicate'))
  after.add(entry(5, 'rejected'))
  expect(after.rejected).toBe(3)
  expect(before.rejected).toBe(3)
})

it('reads a file once, and notices what another process removes or adds', () => {
  const directory = freshDirectory()
  const read: string[] = []
  const readSmall = (file: string, maxBytes: number): Buffer | undefined => {
    read.push(file)
    return nodeFileSystem.readSmall(file, maxBytes)
  }
  const store = new SetAsideStore({ ...nodeFileSystem, readSmall }, directory)
  const other = new SetAsideStore(nodeFileSystem, directory)
  other.add(entry(1, 'rejected'))
  other.add(entry(2, 'rejected'))
  expect([store.rejected, store.rejected, read.length]).toEqual([2, 2, 2])
  other.remove(stream, 1)
  expect(store.rejected).toBe(1)
  other.add(entry(1, 'duplicate'))
  expect([store.rejected, read.length]).toEqual([1, 3])
  rmSync(`${directory}/set-aside`, { recursive: true })
  expect(store.rejected).toBe(0)
})

it('is told in the trail when the record was rejected, not when the far end has it already', async () => {
  const { journal, append } = textJournal(freshDirectory())
  await append('a')
  journal.setAside(entry(2, 'duplicate'))
  await append('b')
  journal.setAside(entry(3, 'rejected'))
  expect(journal.status().setAside).toBe(1)
  await journal.end()
  expect(textsOf(journal.nextStream()?.readLines(1_000_000) ?? [])).toEqual([
    'start',
    'a',
    'b',
    'gap set_aside 1',
    'stop',
  ])
  await journal.close()
})

it('takes no rejected record after the end of the stream, which could not tell of it; a duplicate it does', async () => {
  const { journal, append } = textJournal(freshDirectory())
  await append('a')
  await journal.end()
  expect(() => journal.setAside(entry(2, 'rejected'))).toThrow(
    expect.objectContaining({ code: 'shut_down', message: expect.stringContaining('the stream has ended') as string }),
  )
  journal.setAside(entry(2, 'duplicate'))
  await journal.close()
})
