import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { checkJournal, gapsOf } from './journal-on-disk.ts'
import { mountLoop, mountTmpfs, noLoop, noMounts, remount } from './mounts.ts'
import { Service } from './service.ts'

it.skipIf(noMounts)('a read-only file system refuses; mounted read-write again, the same process goes on', async () => {
  const disk = mountTmpfs('4m')
  const dir = path.join(disk, 'journal')
  const service = new Service({ logger: { journal: { dir }, collector: false } })
  await service.health() // it is up, and has opened nothing
  remount(disk, 'ro')
  expect((await service.log(3)).map(({ code }) => code)).toEqual(['disk_error', 'disk_error', 'disk_error'])
  expect(await service.logAction()).toBe(false)
  expect((await service.health()).reasons.join()).toContain('EROFS')
  remount(disk, 'rw')
  expect((await service.log(3)).map(({ code }) => code)).toEqual([undefined, undefined, undefined])
  expect((await service.health()).status).toBe('degraded') // volatile, but not failing
  await service.shutdown()
  expect(gapsOf(await checkJournal(dir, service.acknowledged))).toEqual({ disk_error: 4 })
  process.stdout.write('tried: EROFS before the first record on tmpfs: 4 refused and told, 3 acknowledged after\n')
})

it.skipIf(noLoop)('a disk that turns read-only under a running process keeps what was acknowledged', async () => {
  const disk = mountLoop('40m', 'errors=remount-ro')
  const dir = path.join(disk.directory, 'journal')
  const service = new Service({ logger: { journal: { dir, segmentMaxBytes: 20_000 }, collector: false } })
  await service.log(40, { together: 4 })
  writeFileSync(`/sys/fs/ext4/${path.basename(disk.device)}/trigger_fs_error`, '1')
  const after = await service.log(20, { together: 4 })
  expect(after.map(({ code }) => code)).toEqual(Array(20).fill('disk_error'))
  expect((await service.health()).status).toBe('failing')
  await service.kill()
  disk.remountFromDisk()
  await checkJournal(dir, service.acknowledged)
  const next = new Service({ logger: { journal: { dir }, collector: false } })
  await next.log(5)
  await next.shutdown()
  await checkJournal(dir, [...service.acknowledged, ...next.acknowledged])
  process.stdout.write(
    'tried: ext4 that turned read-only: 40 acknowledged before, 20 refused, 0 missing after a remount\n',
  )
})
