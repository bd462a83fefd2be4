import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { Backlog } from '../../src/journal/backlog.ts'
import { nodeFileSystem } from '../../src/journal/file-system.ts'
import type { DeliveryCursor } from '../../src/journal/journal-source.ts'
import { takeSqliteLock } from '../../src/journal/lock.ts'
import { freshDirectory, textJournal, textsOf } from './text-journal.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('where an own stream stood when it failed is known until it is delivered, and no longer', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const directory = freshDirectory()
  const { journal, append } = textJournal(directory)
  const { stream, number, hash } = await append('delivered before it failed')
  const last = await append('not yet')
  await journal.end()
  await journal.close()

  const backlog = new Backlog({
    directory,
    fs: nodeFileSystem,
    takeLock: takeSqliteLock,
    report: () => undefined,
    retainMillis: Infinity,
    now: Date.now,
    ownStream: () => undefined,
    onAdopted: () => undefined,
    onAdvance: () => undefined,
  })
  const remember = (): WeakRef<DeliveryCursor> => {
    const cursor = { number, hash }
    backlog.remember(stream, cursor)
    return new WeakRef(cursor)
  }
  const known = remember()
  backlog.scan()
  await turn()
  collect()
  expect(known.deref()?.number).toBe(number)
  const adopted = backlog.next()
  expect(textsOf(adopted?.readLines(1e6) ?? [])).toEqual(['not yet', 'stop'])
  adopted?.advance({ number: last.number + 1, hash: 'the stop record’s' })
  expect(backlog.next()).toBeUndefined()
  for (let round = 0; round < 100 && known.deref() !== undefined; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    collect()
  }
  expect(known.deref()).toBeUndefined()
  backlog.close()
})
