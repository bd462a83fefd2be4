import { afterAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import {
  attributeOf,
  type CollectedRecord,
  type HostileBehaviour,
} from '../../src/testing/hostile-collector-behaviour.ts'
import { deliverOldBacklog } from './hostile-backlog.ts'
import { HostileTrail } from './hostile-trail.ts'
import { runSchedules } from './hostile-schedules.ts'

interface Case {
  readonly behaviour: HostileBehaviour | (() => HostileBehaviour)
  /** How long after its end fresh records may take; by default the back-off limit, a time limit and some for the machine. */
  readonly withinMillis?: number
  /** What may be set aside; by default nothing. */
  readonly setsAside?: 'everything' | 'poison'
  /** It takes later records of a request and not the earlier ones, or takes an empty one and so invites comparisons. */
  readonly takesOutOfOrder?: boolean
}

const isPoison = (record: CollectedRecord): boolean => attributeOf(record, 'audit.action') === 'poison'
const status = (code: number, retryAfter?: string | number): HostileBehaviour =>
  retryAfter === undefined ? { kind: 'status', status: code } : { kind: 'status', status: code, retryAfter }
const inOneSecond = (): string => new Date(Date.now() + 1_000).toUTCString()
const small = 4 * 1024 * 1024

const cases: Record<string, Case> = {
  '200 as it should be': { behaviour: { kind: 'good' } },
  ...Object.fromEntries(
    [400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 500, 502, 503, 504].map((code) => [
      `${code}`,
      { behaviour: status(code) },
    ]),
  ),
  '409': { behaviour: status(409), setsAside: 'everything' },
  '503 that kept the records': { behaviour: { kind: 'status', status: 503, keeps: true } },
  '429 with Retry-After: 1': { behaviour: status(429, 1), withinMillis: 3_000 },
  '429 with Retry-After: 0': { behaviour: status(429, 0) },
  '429 with Retry-After as a date': { behaviour: () => status(429, inOneSecond()), withinMillis: 4_000 },
  '503 with Retry-After: a year': { behaviour: status(503, 31_536_000) },
  '503 with Retry-After: soon': { behaviour: status(503, 'soon') },
  'a redirect': { behaviour: { kind: 'redirect', location: '/elsewhere' } },
  'a web page with 200': { behaviour: { kind: 'html' } },
  'a web page after it kept the records': { behaviour: { kind: 'html', keeps: true } },
  'a body that is no answer': { behaviour: { kind: 'answer', body: '{"partialSuccess":' } },
  'a body that is cut': { behaviour: { kind: 'cut' } },
  'a body that is cut after it kept the records': { behaviour: { kind: 'cut', keeps: true } },
  'partial success, some rejected': {
    behaviour: { kind: 'partial', rejected: 3 },
    setsAside: 'everything',
    takesOutOfOrder: true,
  },
  'partial success, all rejected': {
    behaviour: { kind: 'partial', rejected: 1e9, spelling: 'number' },
    takesOutOfOrder: true,
  },
  'a reset in the middle of the request': { behaviour: { kind: 'reset' } },
  'a reset after it kept the records': { behaviour: { kind: 'reset', keeps: true } },
  silence: { behaviour: { kind: 'silence' } },
  'silence after it kept the records': { behaviour: { kind: 'silence', keeps: true } },
  'a trickle': { behaviour: { kind: 'trickle' } },
  'a flood': { behaviour: { kind: 'flood', bytes: small } },
  'a flood with 500': { behaviour: { kind: 'flood', bytes: small, status: 500 } },
  'a gzip bomb': { behaviour: { kind: 'gzip-bomb', bytes: small } },
  'poison refused with 400': { behaviour: { kind: 'refuse', when: isPoison }, setsAside: 'poison' },
  'poison refused with 422': { behaviour: { kind: 'refuse', when: isPoison, status: 422 }, setsAside: 'poison' },
  'poison refused by partial success': {
    behaviour: { kind: 'refuse', when: isPoison, status: 'partial' },
    setsAside: 'poison',
    takesOutOfOrder: true,
  },
  'poison refused as a duplicate': { behaviour: { kind: 'refuse', when: isPoison, status: 409 }, setsAside: 'poison' },
  'a window as that of Loki': { behaviour: { kind: 'window' } },
  'a limit to requests': { behaviour: { kind: 'limit', bytes: 3_000 } },
}

const outlived = { kinds: 0, acknowledged: 0, twice: 0, setAside: 0, slowest: { name: '', millis: 0 } }

describe('through the whole library, a collector that answers with', () => {
  afterAll(() => {
    const { kinds, acknowledged, twice, setAside, slowest } = outlived
    process.stdout.write(
      `tried: ${kinds} kinds of answers of a collector: ${acknowledged} acknowledged, none lost, ${twice} twice, ${setAside} set ` +
        `aside; fresh records came at the latest ${slowest.millis} ms after the end (${slowest.name})\n`,
    )
  })

  for (const [name, one] of Object.entries(cases)) {
    it.concurrent(`${name} loses nothing, and fresh records flow soon after`, { timeout: 60_000 }, (context) =>
      outlive(name, one, context),
    )
  }
})

async function outlive(name: string, one: Case, { expect, onTestFinished }: TestContext): Promise<void> {
  const trail = await HostileTrail.start()
  onTestFinished(() => trail.end())
  const { collector } = trail
  await trail.log(5)
  await trail.drain(10_000)
  const before = collector.received().requests
  collector.behave(typeof one.behaviour === 'function' ? one.behaviour() : one.behaviour)
  await trail.log(30)
  const poison = await trail.log(2, { action: 'poison' })
  await trail.log(30)
  await some(() => collector.received().requests >= before + 6, 1_500)
  if (one.setsAside === 'poison') await some(() => trail.accounts().setAside.length === 2, 10_000)
  collector.behave({ kind: 'good' })
  const ended = performance.now()
  const [fresh = ''] = await trail.log(1)
  const within = one.withinMillis ?? 3_000
  const arrived = await some(() => collector.recordIds().includes(fresh), within)
  const took = Math.round(performance.now() - ended)
  expect(await trail.drain(20_000)).toBe(0)
  const accounts = trail.accounts()
  const { acknowledged, duplicates, setAside, outOfOrder } = accounts
  expect(arrived, `fresh after ${took} ms`).toBe(true)
  expect(accounts).toMatchObject({ acknowledged: 68, missing: [], overlaps: 0, conflicts: 0 })
  if (one.takesOutOfOrder !== true) expect(outOfOrder).toBe(0)
  if (one.setsAside === undefined) expect(setAside).toEqual([])
  if (one.setsAside === 'poison') expect([...setAside].sort()).toEqual([...poison].sort())
  outlived.kinds++
  outlived.acknowledged += acknowledged
  outlived.twice += duplicates
  outlived.setAside += setAside.length
  if (took > outlived.slowest.millis) outlived.slowest = { name, millis: took }
}

async function some(condition: () => boolean, millis: number): Promise<boolean> {
  const deadline = performance.now() + millis
  while (!condition()) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return true
}

describe('a dead writer', () => {
  const poisonous = [1, 2, 40]
  let survived = 0
  afterAll(() => {
    process.stdout.write(
      `tried: a dead writer with ${poisonous.join(', ')} poisonous last records: ${survived} did not hold up the living\n`,
    )
  })
  it.each(poisonous)(
    'whose last %i records are poison does not hold up the living ones',
    { timeout: 30_000 },
    async (count) => {
      const trail = await HostileTrail.start({ behaviour: { kind: 'refuse', when: isPoison } })
      onTestFinished(() => trail.end())
      await trail.log(3)
      await trail.drain(10_000)
      await new Promise((resolve) => setTimeout(resolve, 1_200)) // the cursor is on disk by then
      trail.collector.behave(status(503))
      const poison = await trail.log(count, { action: 'poison' })
      await trail.crash()
      trail.collector.behave({ kind: 'refuse', when: isPoison })
      await trail.log(3)
      expect(await trail.drain(20_000)).toBe(0)
      const accounts = trail.accounts()
      expect(accounts).toMatchObject({ missing: [], outOfOrder: 0, conflicts: 0 })
      expect([...accounts.setAside].sort()).toEqual([...poison].sort())
      survived++
    },
  )

  it('has its records delivered before those of the life that adopts it', { timeout: 30_000 }, async () => {
    const trail = await HostileTrail.start({ behaviour: status(503), keepRequests: true })
    onTestFinished(() => trail.end())
    const lives: string[][] = []
    for (let life = 0; life < 3; life++) {
      if (life > 0) await trail.restart()
      lives.push(await trail.log(20))
    }
    trail.collector.behave({ kind: 'good' })
    await trail.restart()
    lives.push(await trail.log(20))
    expect(await trail.drain(20_000)).toBe(0)
    const logged = new Set(lives.flat())
    expect(trail.collector.recordIds().filter((id) => logged.has(id))).toEqual(lives.flat())
  })
})

describe('under random schedules of all of that, with restarts', () => {
  it('nothing is lost', { timeout: 120_000 }, () =>
    runSchedules(Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000), 5),
  )
})

describe('a backlog of several hours', () => {
  it('is taken by a far end that refuses what is older than its newest minus one hour', { timeout: 120_000 }, () =>
    deliverOldBacklog(3_000),
  )
})
