import { expect, it } from 'vitest'
import { soak } from './soak.ts'

const minutes = process.env['SOAK_MINUTES'] ?? '5'

it(
  `loses and leaks nothing in ${minutes} minutes of faults that switch on and off`,
  { timeout: Number(minutes) * 60_000 + 180_000 },
  async () => {
    const { code, failures, counts } = await soak(['--minutes', minutes])
    expect(failures).toEqual([])
    expect(code).toBe(0)
    expect(counts['missing']).toBe(0)
    expect(counts['toldByGaps']).toBeGreaterThanOrEqual(counts['refusedByDisk'] ?? Infinity)
    // Delivered streams are deleted once a minute.
    expect(counts['streamsLeftOnDisk']).toBeLessThan(1_000)
  },
)
