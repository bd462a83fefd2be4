import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifyTrail } from '../../src/integrity/index.ts'
import type { OtlpLogRecord } from '../../src/otlp/otlp-log-record.ts'
import { altered, makeStream, withAttribute } from './trail-maker.ts'

describe('verifyTrail', () => {
  it('never rejects because of what a record holds', async () => {
    const hostile = ['null', '1', '[]', '{"attributes":5}', '{"attributes":[null,{"key":7},{"key":"audit.record.id"}]}']
    const records = hostile.map((json, index) => ({
      record: JSON.parse(json) as OtlpLogRecord,
      source: 'x',
      line: index + 1,
    }))
    const { ok, findings } = await verifyTrail(records)
    expect(ok).toBe(false)
    expect(findings.map(({ kind, line }) => [kind, line])).toEqual(records.map(({ line }) => ['corrupt', line]))
  })

  it('finds every single change to any trail, and nothing in any order of a sound one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 3, max: 30 }),
        fc.nat(),
        fc.constantFrom('alter', 'remove', 'relink', 'none'),
        fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
        async (count, seed, change, ranks) => {
          const trail = makeStream(count)
          // The last record has no successor that vouches for it.
          const target = seed % (count - 1)
          if (change === 'alter') trail[target] = altered(trail[target]!)
          if (change === 'relink' && target > 0) {
            trail[target] = withAttribute(trail[target]!, 'audit.sequence.previous_hash', trail[target]!.hash)
          }
          const left = change === 'remove' ? trail.toSpliced(target, 1) : trail
          const twice = [...left, ...left.slice(0, seed % left.length)]
          const shuffled = twice
            .map((made, index) => ({ made, rank: ranks[index % 60]! }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ made }) => made)
          const changed = change !== 'none' && !(change === 'relink' && target === 0)
          for (const order of [left, twice, shuffled]) {
            const { ok, findings, streams } = await verifyTrail(order)
            expect(ok).toBe(!changed)
            expect(streams[0]!.records).toBe(left.length)
            const errors = findings.filter(({ level }) => level === 'error')
            if (!changed) expect(errors).toEqual([])
            else expect(errors.some(({ number }) => number === target + 1 || number === target + 2)).toBe(true)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
