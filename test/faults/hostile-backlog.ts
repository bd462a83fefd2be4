import { expect, onTestFinished, vi } from 'vitest'
import { startHostileCollector } from '../../src/testing/hostile-collector.ts'
import { HostileTrail, waits } from './hostile-trail.ts'

const lives = 3
const hours = 6
const batch = 500

/**
 * Several lives of a service log for hours (on a simulated clock) while nothing is delivered. The next life delivers to a
 * far end with a window: only if every record comes before all newer ones is none of them refused.
 */
export async function deliverOldBacklog(records: number): Promise<void> {
  const collector = await startHostileCollector({ keepRecords: false, behaviour: { kind: 'window' } })
  const now = Date.now()
  const start = now - hours * 3_600_000
  vi.useFakeTimers({ toFake: ['Date'], now: start })
  onTestFinished(() => void vi.useRealTimers())
  const trail = new HostileTrail(collector, false)
  onTestFinished(() => trail.end())
  for (let done = 0, life = 0; done < records; done += batch) {
    const time = start + ((now - start) * done) / records
    vi.setSystemTime(time)
    if (done >= ((life + 1) * records) / lives) {
      life++
      await trail.restart()
    }
    await trail.log(Math.min(batch, records - done), { occurredAt: new Date(time) })
  }
  vi.useRealTimers()
  const began = performance.now()
  await trail.restart({ url: collector.url, ...waits, timeoutMillis: 10_000 })
  const fresh = await trail.log(10)
  const undelivered = await trail.drain(600_000)
  const seconds = (performance.now() - began) / 1_000
  const accounts = trail.accounts()
  process.stdout.write(
    `tried: backlog of ${hours} h in ${lives} lives against a window of 1 h: ${accounts.acknowledged} acknowledged, ` +
      `${accounts.received} received, ${accounts.duplicates} twice, ${accounts.setAside.length} refused, ` +
      `${Math.round(accounts.acknowledged / seconds)} records/s\n`,
  )
  expect(undelivered).toBe(0)
  expect(fresh).toHaveLength(10)
  expect(accounts).toMatchObject({ acknowledged: records + 10, missing: [], setAside: [], outOfOrder: 0, overlaps: 0 })
}
