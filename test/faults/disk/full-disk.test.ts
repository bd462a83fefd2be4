import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { checkJournal, gapsOf, recordsOnDisk } from './journal-on-disk.ts'
import { fill, mountTmpfs, noMounts } from './mounts.ts'
import { Service } from './service.ts'
import { until } from './until.ts'

it.skipIf(noMounts)('a full disk refuses, and the trail tells how much when there is room again', async () => {
  const disk = mountTmpfs('1m')
  const dir = path.join(disk, 'journal')
  const service = new Service({ logger: { journal: { dir, segmentMaxBytes: 200_000 }, collector: false } })
  await service.log(20)
  expect(await service.health()).toMatchObject({ status: 'degraded' }) // a tmpfs is volatile
  await until(() => readdirSync(dir).includes('reserve'))
  const earlier = service.acknowledged.length
  const makeRoom = fill(disk)
  // The reserve takes the record that tells of the gap at once, and what else there is room for.
  const first = await service.log(200, { together: 10, fillerBytes: 2000 })
  const refused = first.filter(({ code }) => code !== undefined)
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['disk_full']))
  expect(readdirSync(dir)).not.toContain('reserve')
  await until(() => (gapsOf(recordsOnDisk(dir))['disk_full'] ?? 0) > 0) // while the disk is still full
  const toldWhileFull = gapsOf(recordsOnDisk(dir))['disk_full'] ?? 0
  await service.log(30, { together: 3, fillerBytes: 2000 })
  expect(await service.logAction()).toBe(false)
  const { status, reasons } = await service.health()
  expect(status).toBe('failing')
  expect(reasons.join()).toMatch(/ENOSPC.*Make room/)
  expect((await service.problems()).some((problem) => problem.startsWith('disk_full: '))).toBe(true)
  makeRoom()
  const count = service.refused.length + 1
  await until(() => gapsOf(recordsOnDisk(dir))['disk_full'] === count) // by itself, without another record
  expect((await service.log(10)).filter(({ code }) => code !== undefined)).toEqual([])
  expect(await service.health()).toMatchObject({ status: 'degraded' })
  await service.shutdown()
  const records = await checkJournal(dir, service.acknowledged)
  expect(gapsOf(records)).toEqual({ disk_full: count })
  process.stdout.write(
    `tried: ENOSPC on a real tmpfs: ${earlier} acknowledged before, ${count} refused while full (${toldWhileFull} told while ` +
      `it was), ${service.acknowledged.length} acknowledged in all, 0 missing\n`,
  )
})
