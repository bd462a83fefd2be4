import { describe, expect, it } from 'vitest'
import {
  parseOtlpLogs,
  recordsOf,
  verifyTrail,
  type TrailFinding,
  type TrailRecord,
} from '../../src/integrity/index.ts'
import { sealRecord } from '../../src/integrity/seal.ts'
import type { OtlpLogRecord } from '../../src/otlp/otlp-log-record.ts'
import { altered, makeStream, recordIdOf, streamA, streamB, withAttribute, type MadeRecord } from './trail-maker.ts'

const brief = ({ kind, level, number, recordId }: TrailFinding): unknown[] => [kind, level, number, recordId]

function without(trail: readonly MadeRecord[], ...numbers: number[]): MadeRecord[] {
  return trail.filter((_, index) => !numbers.includes(index + 1))
}

function adoption(streamId: string, lastNumber: number, headHash: string): TrailRecord {
  const { wire } = sealRecord(
    {
      timeUnixNano: '1',
      observedTimeUnixNano: '1',
      eventName: 'audit.pipeline.adopt',
      traceId: '',
      spanId: '',
      body: { streamId, lastNumber, headHash, state: 'unended' },
      attributes: { 'audit.record.id': recordIdOf(streamB, 1) },
    },
    { streamId: streamB, number: 1, previousHash: '' },
  )
  return { record: JSON.parse(wire) as OtlpLogRecord, source: 'b.jsonl', line: 1 }
}

describe('verifyTrail', () => {
  it('finds nothing in sound streams, interleaved or not, closed or not', async () => {
    const a = makeStream(20, { end: true })
    const b = makeStream(7, { streamId: streamB })
    const mixed = a.flatMap((record, index) => (b[index] ? [record, b[index]] : [record]))
    async function* slowly(): AsyncGenerator<TrailRecord> {
      yield* mixed
    }
    const report = await verifyTrail(slowly())
    expect(report).toEqual({
      ok: true,
      records: 27,
      ignored: 0,
      streams: [
        { streamId: streamA, first: 1, last: 20, records: 20, ended: true, headHash: a[19]!.hash },
        { streamId: streamB, first: 1, last: 7, records: 7, ended: false, headHash: b[6]!.hash },
      ],
      findings: [],
      furtherFindings: 0,
    })
    expect(await verifyTrail(mixed)).toEqual(report)
    expect(await verifyTrail([])).toMatchObject({ ok: true, records: 0, streams: [] })
  })

  it('names the record whose content was altered, and where', async () => {
    const trail = makeStream(9)
    trail[4] = altered(trail[4]!)
    const { ok, findings } = await verifyTrail(trail)
    expect(ok).toBe(false)
    expect(findings).toEqual([
      {
        kind: 'altered',
        level: 'error',
        streamId: streamA,
        number: 5,
        recordId: recordIdOf(streamA, 5),
        source: 'trail.jsonl',
        line: 5,
        message: expect.stringContaining(
          `record 6 (${recordIdOf(streamA, 6)}, trail.jsonl:6) names a predecessor`,
        ) as string,
      },
    ])
  })

  it('names both neighbours when nothing tells which of them was changed', async () => {
    const trail = makeStream(5)
    trail[3] = altered(trail[3]!)
    const { ok, findings } = await verifyTrail(trail)
    expect(ok).toBe(false)
    expect(findings.map(brief)).toEqual([['wrong_hash', 'error', 5, recordIdOf(streamA, 5)]])
    expect(findings[0]!.message).toContain(recordIdOf(streamA, 4))
  })

  it('finds a changed previous hash', async () => {
    const trail = makeStream(9)
    trail[4] = withAttribute(trail[4]!, 'audit.sequence.previous_hash', 'ab'.repeat(32))
    const { findings } = await verifyTrail(trail)
    expect(findings.map(brief)).toEqual([
      ['wrong_hash', 'error', 5, recordIdOf(streamA, 5)],
      ['altered', 'error', 5, recordIdOf(streamA, 5)],
    ])
    trail[4] = withAttribute(makeStream(9)[4]!, 'audit.sequence.previous_hash', undefined)
    expect((await verifyTrail(trail)).findings[0]!.message).toContain('names no predecessor')
    const [first, ...rest] = makeStream(1, { start: { number: 1, previousHash: 'cd'.repeat(32) } })
    expect((await verifyTrail([first!, ...rest])).findings.map(brief)).toEqual([
      ['wrong_hash', 'error', 1, recordIdOf(streamA, 1)],
    ])
  })

  it('holds the last record against the hash that its line vouches for', async () => {
    const trail = makeStream(5)
    const vouched = (made: MadeRecord): TrailRecord => ({ ...made, expectedHash: made.hash })
    expect((await verifyTrail(trail.map(vouched))).ok).toBe(true)
    const last = await verifyTrail([...trail.slice(0, 4), vouched(altered(trail[4]!))])
    expect(last.findings.map(brief)).toEqual([['altered', 'error', 5, recordIdOf(streamA, 5)]])
    const inside = await verifyTrail([...trail.slice(0, 2), altered(trail[2]!), ...trail.slice(3)].map(vouched))
    expect(inside.findings.map(brief)).toEqual([['altered', 'error', 3, recordIdOf(streamA, 3)]])
    const lastButOne = await verifyTrail([...trail.slice(0, 3), altered(trail[3]!), vouched(trail[4]!)])
    expect(lastButOne.findings.map(brief)).toEqual([['altered', 'error', 4, recordIdOf(streamA, 4)]])
  })

  it('reports each gap once, with its bounds', async () => {
    const { ok, findings } = await verifyTrail(without(makeStream(12), 1, 2, 6, 9, 10))
    expect(ok).toBe(false)
    expect(findings.map(brief)).toEqual([
      ['gap', 'error', 1, undefined],
      ['gap', 'error', 6, undefined],
      ['gap', 'error', 9, undefined],
    ])
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringContaining('records 1 to 2 are missing, before record 3'),
      expect.stringContaining('record 6 is missing, behind record 5'),
      expect.stringContaining('records 9 to 10 are missing, behind record 8'),
    ])
    const tail = makeStream(12).slice(5)
    expect((await verifyTrail(tail)).ok).toBe(false)
    expect(await verifyTrail(tail, { partial: true })).toMatchObject({ ok: true, streams: [{ first: 6, records: 7 }] })
    expect((await verifyTrail(without(makeStream(12), 1, 5), { partial: true })).findings.map(brief)).toEqual([
      ['gap', 'error', 5, undefined],
    ])
  })

  it('keeps a record in its chain whose record id was taken away', async () => {
    const trail = makeStream(3)
    trail[1] = withAttribute(trail[1]!, 'audit.record.id', undefined)
    expect((await verifyTrail(trail)).findings.map(brief)).toEqual([['wrong_hash', 'error', 3, recordIdOf(streamA, 3)]])
  })

  it('finds an altered record beside a gap, too', async () => {
    const trail = makeStream(9)
    trail[2] = altered(trail[2]!)
    const { findings } = await verifyTrail(without(trail, 6))
    expect(findings.map(brief)).toEqual([
      ['altered', 'error', 3, recordIdOf(streamA, 3)],
      ['gap', 'error', 6, undefined],
    ])
  })

  it('tells repeats without alarm, each run once', async () => {
    const trail = makeStream(10)
    const { ok, records, streams, findings } = await verifyTrail([...trail.slice(0, 7), ...trail.slice(3), trail[0]!])
    expect({ ok, records, distinct: streams[0]!.records }).toEqual({ ok: true, records: 15, distinct: 10 })
    expect(findings.map(brief)).toEqual([
      ['repeat', 'info', 4, recordIdOf(streamA, 4)],
      ['repeat', 'info', 1, recordIdOf(streamA, 1)],
    ])
    expect(findings[0]!.message).toBe('records 4 to 7 were seen before with the same content')
  })

  it('tells a caller’s retry, the same record id under two numbers, without alarm', async () => {
    const trail = makeStream(3)
    const retry = makeStream(1, { streamId: streamB }).map((made) =>
      withAttribute(made, 'audit.record.id', recordIdOf(streamA, 2)),
    )
    const { ok, findings } = await verifyTrail([...trail, ...retry])
    expect(ok).toBe(true)
    expect(findings.map(brief)).toEqual([['repeat', 'info', 1, recordIdOf(streamA, 2)]])
    expect(findings[0]!.message).toContain(`record 2 of stream ${streamA}`)
  })

  it('alarms at a fork: one number with two contents', async () => {
    const trail = makeStream(6)
    const fork = makeStream(2, { start: { number: 4, previousHash: trail[2]!.hash }, note: ' again' })
    const { ok, findings } = await verifyTrail([...trail, ...fork])
    expect(ok).toBe(false)
    expect(findings.map(brief)).toEqual([
      ['fork', 'error', 4, recordIdOf(streamA, 4)],
      ['fork', 'error', 5, recordIdOf(streamA, 5)],
    ])
  })

  it('accepts any order, and alarms at disorder where the source keeps order', async () => {
    const trail = makeStream(6)
    const swapped = [...trail.slice(0, 2), trail[3]!, trail[2]!, ...trail.slice(4)]
    const loose = await verifyTrail(swapped)
    expect(loose.ok).toBe(true)
    expect(loose.findings.map(brief)).toEqual([['reorder', 'info', 3, recordIdOf(streamA, 3)]])
    const strict = await verifyTrail(swapped.map((made) => ({ ...made, ordered: true })))
    expect(strict.ok).toBe(false)
    expect(strict.findings.map(brief)).toEqual([['reorder', 'error', 3, recordIdOf(streamA, 3)]])
  })

  it('alarms at records behind the end of a stream, whatever comes first', async () => {
    const trail = makeStream(4, { end: true })
    const more = makeStream(1, { start: { number: 5, previousHash: trail[3]!.hash } })
    for (const order of [
      [...trail, ...more],
      [...more, ...trail],
    ]) {
      const { findings } = await verifyTrail(order)
      expect(findings.filter(({ level }) => level === 'error').map(brief)).toEqual([
        ['after_end', 'error', 5, recordIdOf(streamA, 5)],
      ])
    }
  })

  it('alarms when a stream ends before the record that its adopter saw', async () => {
    const trail = makeStream(5)
    const claim = adoption(streamA, 5, trail[4]!.hash)
    expect((await verifyTrail([...trail, claim])).ok).toBe(true)
    expect((await verifyTrail([claim])).ok).toBe(true)
    const { findings } = await verifyTrail([claim, ...trail.slice(0, 3)])
    expect(findings.map(brief)).toEqual([['tail_lost', 'error', 4, undefined]])
    expect(findings[0]!.message).toContain('records 4 to 5 are missing at the end')
    const changed = await verifyTrail([...trail.slice(0, 4), altered(trail[4]!), claim])
    expect(changed.findings.map(brief)).toEqual([['altered', 'error', 5, undefined]])
  })

  it('reports records without a place, without a canonical form, or that readers may take differently', async () => {
    const [first, second, third, fourth] = makeStream(4)
    const homeless = withAttribute(first!, 'audit.sequence.stream_id', undefined)
    const attributes = second!.record.attributes!
    const twice: MadeRecord = { ...second!, record: { ...second!.record, attributes: [...attributes, attributes[0]!] } }
    const broken: MadeRecord = { ...third!, record: { ...third!.record, traceId: 'xyz' } }
    const { ok, findings } = await verifyTrail([homeless, first!, twice, broken, fourth!])
    expect(ok).toBe(false)
    expect(findings.map(brief)).toEqual([
      ['missing_sequence', 'error', 1, recordIdOf(streamA, 1)],
      ['ambiguous', 'error', 2, recordIdOf(streamA, 2)],
      ['corrupt', 'error', 3, recordIdOf(streamA, 3)],
    ])
  })

  it('passes on damage that the reader of a file met; a torn tail is no alarm', async () => {
    const place = { source: 'a.jsonl', line: 9, streamId: streamA, number: 4 }
    const torn = await verifyTrail([...makeStream(3), { damage: 'torn', message: 'cut off', ...place }])
    expect(torn.ok).toBe(true)
    expect(torn.findings).toEqual([{ kind: 'torn', level: 'info', message: 'cut off', recordId: undefined, ...place }])
    const corrupt = await verifyTrail([{ damage: 'corrupt', message: 'wrong checksum', ...place }])
    expect(corrupt).toMatchObject({ ok: false, findings: [{ kind: 'corrupt', level: 'error' }] })
  })

  it('counts other log records and leaves them alone', async () => {
    const other = { record: { body: { stringValue: 'GET /' } }, source: 'x', line: 1 }
    expect(await verifyTrail([other, ...makeStream(1)])).toMatchObject({ ok: true, records: 1, ignored: 1 })
  })

  it('says so when a repeat is too old to be compared, and bounds its findings', async () => {
    const trail = makeStream(2000)
    const old = await verifyTrail([...trail, trail[0]!], { rememberedRecords: 256 })
    expect(old.ok).toBe(true)
    expect(old.findings[0]!.message).toContain('could not be compared')
    const many = await verifyTrail(
      trail.filter((_, index) => index % 2 === 0),
      { maxFindings: 10 },
    )
    expect(many).toMatchObject({ ok: false, furtherFindings: 989 })
    expect(many.findings).toHaveLength(10)
  })

  it('reads what the parser gives', async () => {
    const trail = makeStream(3)
    const text = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: trail.map(({ record }) => record) }] }] })
    const records = [...recordsOf(parseOtlpLogs(text))].map(({ record }) => ({ record, source: 'x', line: 1 }))
    expect(await verifyTrail(records)).toMatchObject({ ok: true, records: 3 })
  })
})
