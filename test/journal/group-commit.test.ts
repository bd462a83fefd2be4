import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { SyncWorker } from '../../src/journal/sync.ts'
import { SlowSyncEngine } from '../../src/testing/slow-sync-engine.ts'
import { freshDirectory, textJournal } from './text-journal.ts'

/** A disk whose syncs take 25 ms longer, and how often it is asked. */
class SlowSync extends SlowSyncEngine {
  requests = 0

  constructor() {
    super(new SyncWorker(), 25)
  }

  override request(...request: Parameters<SlowSyncEngine['request']>): void {
    this.requests++
    super.request(...request)
  }
}

function linesUnder(directory: string): number {
  const segments = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  )
  return segments.reduce(
    (sum, name) => sum + readFileSync(path.join(directory, name), 'utf8').split('\n').length - 1,
    0,
  )
}

describe('group commit', () => {
  it('lets all callers in a loop share one line and one sync where the disk is slow', async () => {
    const directory = freshDirectory()
    const engine = new SlowSync()
    const { journal, append } = textJournal(directory, { engine })
    await append('first')
    const before = engine.requests
    const rounds = 20
    // Half of them would stay a half of their own for good.
    const aMomentLater = new Promise((resolve) => setTimeout(resolve, 10))
    const loop = async (caller: number): Promise<void> => {
      if (caller % 2 === 1) await aMomentLater
      for (let i = 0; i < rounds; i++) await append(`${caller} ${i}`)
    }
    await Promise.all(Array.from({ length: 64 }, (_, caller) => loop(caller)))
    expect(engine.requests - before).toBeGreaterThanOrEqual(rounds)
    expect(engine.requests - before).toBeLessThan(rounds * 1.5)
    expect(linesUnder(directory)).toBeLessThan(rounds * 1.5)
    await journal.end()
    await journal.close()
  })

  it('never waits for callers when the tick itself waits for the disk', async () => {
    const engine = new SlowSync()
    const { journal, append } = textJournal(freshDirectory(), { engine, maxUnsyncedRecords: 40 })
    await append('first')
    const first = append('one')
    await new Promise((resolve) => setTimeout(resolve, 5)) // its sync is in flight
    const rest = Array.from({ length: 30 }, (_, i) => append(`while it syncs ${i}`))
    let durable = 0
    for (const one of rest) void one.then(() => durable++)
    await first
    const before = engine.requests // the sync of the 30 is held for whoever heard of the first
    const burst = Array.from({ length: 11 }, (_, i) => append(`burst ${i}`))
    expect(engine.requests).toBeGreaterThan(before)
    await Promise.all([...rest, ...burst])
    expect(durable).toBe(30)
    await journal.end()
    await journal.close()
  })
})
