import { expect, it } from 'vitest'
import type { AuditProblem } from '../../src/errors.ts'
import { BackPressure } from '../../src/journal/back-pressure.ts'
import { freshDirectory, textJournal, textsOf } from './text-journal.ts'

it('tells at an orderly end of the records that maxBytes refused, beyond the limit as the stop record is', async () => {
  const { journal, append } = textJournal(freshDirectory(), { maxBytes: 2_000 })
  await append('x'.repeat(2_000))
  for (const text of ['b', 'c']) await expect(append(text)).rejects.toMatchObject({ code: 'journal_full' })
  await journal.end()
  const texts = textsOf(journal.nextStream()?.readLines(1_000_000) ?? [])
  expect(texts.slice(2)).toEqual(['gap journal_full 2', 'stop'])
  await journal.close()
})

it('keeps the gap to itself while the limit is reached and the process goes on', async () => {
  const { journal, append } = textJournal(freshDirectory(), { maxBytes: 2_000 })
  await append('x'.repeat(2_000))
  await expect(append('b')).rejects.toMatchObject({ code: 'journal_full' })
  await new Promise((resolve) => setTimeout(resolve, 1_200)) // the ledger tries once a second
  journal.beginEnd()
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect(textsOf(journal.nextStream()?.readLines(1_000_000) ?? [])).toHaveLength(2)
  await journal.end()
  await journal.close()
})

it.each([
  ['block', 'callers now wait with them'],
  ['refuse', 'further records are refused until it catches up'],
] as const)('with onQueueFull %s the high water mark says that %s', (onQueueFull, what) => {
  const problems: Omit<AuditProblem, 'count'>[] = []
  const report = (problem: Omit<AuditProblem, 'count'>): void => void problems.push(problem)
  const pressure = new BackPressure({ maxUnsyncedBytes: 10, maxUnsyncedRecords: 10, onQueueFull, report })
  pressure.apply({ unsynced: { bytes: 11, records: 1 }, write: () => undefined, waitForSync: () => false })
  expect(problems).toMatchObject([{ code: 'queue_high_water', message: expect.stringMatching(`${what}$`) as string }])
})
