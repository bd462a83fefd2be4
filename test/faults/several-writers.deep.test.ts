import { describe, it } from 'vitest'
import { killSeveralWriters } from './several-writers.ts'

const seed = Number(process.env['WRITERS_SEED'] ?? Date.now() % 1_000_000)
const kills = Number(process.env['WRITERS_KILLS'] ?? 20)
const limits = { timeout: 120_000 + kills * 5_000 }

describe('several writers on one journal, for longer', () => {
  it('as workers of a cluster', limits, () => killSeveralWriters({ kind: 'cluster', kills, seed }))

  it('as threads of processes that are killed as well', limits, () =>
    killSeveralWriters({ kind: 'threads', kills: Math.ceil(kills / 4), seed }),
  )

  it('as two copies of the package in one process', limits, () => killSeveralWriters({ kind: 'copies', kills, seed }))

  it('while their locks are lost', limits, () =>
    killSeveralWriters({ kind: 'copies', kills: Math.ceil(kills / 2), seed, losesLocks: true }),
  )
})
