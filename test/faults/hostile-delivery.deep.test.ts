import { describe, it } from 'vitest'
import { deliverOldBacklog } from './hostile-backlog.ts'
import { runSchedules } from './hostile-schedules.ts'

const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)
const schedules = Number(process.env['HOSTILE_SCHEDULES'] ?? 100)
const records = Number(process.env['HOSTILE_BACKLOG'] ?? 1_000_000)

describe('a hostile collector behind the whole library, for longer', () => {
  it('loses nothing under random schedules', { timeout: 60_000 + schedules * 10_000 }, () =>
    runSchedules(seed, schedules),
  )

  it('takes a backlog of hours within its window', { timeout: 600_000 }, () => deliverOldBacklog(records))
})
