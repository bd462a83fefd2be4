import path from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { startHostileCollector, type DiskFault } from '../../../src/testing/index.ts'
import { checkJournal, gapsOf } from './journal-on-disk.ts'
import { scratch } from './mounts.ts'
import { Service } from './service.ts'

interface FaultForm {
  readonly step: DiskFault['step']
  readonly persisted: readonly DiskFault['persisted'][]
}

export interface FaultMatrix {
  readonly codes: readonly string[]
  /** Once: the lines go on in the next segment. Twice: refused, and a new stream. More: no stream either. */
  readonly repeats: readonly number[]
  readonly afters: readonly number[]
}

export const faultForms: FaultForm[] = [
  { step: 'write', persisted: [false, true, 'partly'] },
  { step: 'sync', persisted: [false, true] },
  { step: 'directory sync', persisted: [false, true] },
  { step: 'create', persisted: [false, true] },
]
const fullCodes = new Set(['ENOSPC', 'EDQUOT'])

/** Injects every fault of the matrix into one service under load, kills it, and checks what is left with a new one. */
export async function injectAll(
  { step, persisted }: FaultForm,
  { codes, repeats, afters }: FaultMatrix,
): Promise<void> {
  const dir = path.join(scratch(), 'journal')
  const logger = { journal: { dir, segmentMaxBytes: 8_000 }, collector: false as const }
  const service = new Service({ logger, disk: 'faulty' })
  await service.log(5)
  let cases = 0
  let injected = 0
  for (const code of codes) {
    for (const form of persisted) {
      for (const times of repeats) {
        for (const after of afters) {
          cases++
          await service.inject({ step, code, persisted: form, times, after })
          const outcomes = await service.log(24, { together: 6, fillerBytes: 400 })
          const expected = fullCodes.has(code) || form === 'partly' ? 'disk_full' : 'disk_error'
          for (const outcome of outcomes) if (outcome.code !== undefined) expect(outcome.code).toBe(expected)
          injected = await service.heal()
          expect((await service.log(2)).map((outcome) => outcome.code)).toEqual([undefined, undefined])
          expect((await service.health()).status).toBe('ok')
        }
      }
    }
  }
  expect(injected).toBeGreaterThanOrEqual(cases)
  await service.log(10)
  await service.kill()
  const records = await checkJournal(dir, service.acknowledged)
  const told = Object.values(gapsOf(records)).reduce((sum, count) => sum + count, 0)
  expect(told).toBe(service.refused.length)
  const collector = await startHostileCollector()
  onTestFinished(() => collector.close())
  const next = new Service({ logger: { journal: { dir }, collector: { url: collector.url } } })
  await next.log(1)
  expect(await next.drain(20_000)).toBe(0)
  const received = new Set(collector.recordIds())
  expect(service.acknowledged.filter(({ recordId }) => !received.has(recordId))).toEqual([])
  await next.shutdown()
  await checkJournal(dir, [...service.acknowledged, ...next.acknowledged])
  process.stdout.write(
    `tried: ${injected} failed steps (${step}) in ${cases} cases: ${service.acknowledged.length} acknowledged, ` +
      `${service.refused.length} refused and told, 0 missing, 0 forked, ${received.size} delivered after a restart\n`,
  )
}
