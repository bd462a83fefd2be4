import { describe, it } from 'vitest'
import { killSeveralWriters } from './several-writers.ts'

const seed = Number(process.env['WRITERS_SEED'] ?? Date.now() % 1_000_000)

describe('several writers on one journal, killed and replaced under load, lose nothing and never share a stream', () => {
  it('as workers of a cluster', { timeout: 90_000 }, () => killSeveralWriters({ kind: 'cluster', kills: 4, seed }))

  it('as threads of one process', { timeout: 90_000 }, () => killSeveralWriters({ kind: 'threads', kills: 1, seed }))

  it('as two copies of the package in one process', { timeout: 90_000 }, () =>
    killSeveralWriters({ kind: 'copies', kills: 2, seed }),
  )

  it('while their locks are lost: records may be delivered twice, no stream is forked', { timeout: 90_000 }, () =>
    killSeveralWriters({ kind: 'copies', kills: 2, seed, losesLocks: true }),
  )
})
