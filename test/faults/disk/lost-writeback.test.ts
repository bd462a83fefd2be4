import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { checkJournal, gapsOf } from './journal-on-disk.ts'
import { fill, mountLoop, noLoop } from './mounts.ts'
import { Service } from './service.ts'

/*
 * The file behind the device is full of holes and can't grow: ext4 takes the writes, and only the writeback fails. Linux
 * tells that once, to one fdatasync; a second one would say OK over zeros.
 *
 * Each line begins a segment of its own, so that no request to the device can be written in part: we suppose that the
 * loop driver may take a short write for a success, which no caller of fdatasync could know better. That is not shown.
 */
for (const phase of ['full', 'room again'] as const) {
  it.skipIf(noLoop)(
    `writeback that is really lost is never acknowledged (power cut while the disk was ${phase})`,
    { timeout: 60_000 },
    async () => {
      const disk = mountLoop('40m', 'rw')
      const dir = path.join(disk.directory, 'journal')
      const service = new Service({ logger: { journal: { dir, segmentMaxBytes: 4096 }, collector: false } })
      await service.log(50, { together: 5, fillerBytes: 1000 })
      const before = service.acknowledged.length
      const makeRoom = fill(disk.backing)
      // Where it is to go on, the file system must not have met so many errors that it gives up as a whole.
      await service.log(phase === 'full' ? 300 : 1, { together: 1, fillerBytes: 3000 })
      let refused = service.refused.length
      expect(refused).toBeGreaterThan(0)
      expect((await service.problems()).some((problem) => /failed|no new segment/.test(problem))).toBe(true)
      let told = 'not yet'
      let goesOn = false
      if (phase === 'room again') {
        makeRoom()
        // What the kernel kept of the failed writes may still fail; ext4 may even have given up and be read-only.
        for (let tries = 0; tries < 20 && (await service.log(1))[0]?.code !== undefined; tries++);
        const after = await service.log(50, { together: 5 })
        goesOn = after.every(({ code }) => code === undefined)
        refused = service.refused.length
        if (goesOn) await service.shutdown()
        else {
          expect(() => writeFileSync(path.join(disk.directory, 'another'), 'x', { flush: true })).toThrow()
          await service.kill()
        }
      } else {
        await service.kill()
        makeRoom() // or the file system could not even be unmounted in order
      }
      disk.remountFromDisk()
      const records = await checkJournal(dir, service.acknowledged)
      const gaps = gapsOf(records)
      if (goesOn) {
        expect(Object.values(gaps).reduce((sum, count) => sum + count, 0)).toBe(refused)
        told = JSON.stringify(gaps)
      }
      process.stdout.write(
        `tried: lost writeback on a full loop device (${phase}): ${before} acknowledged before, ${refused} refused, ` +
          `${service.acknowledged.length} acknowledged in all, 0 missing after the power cut; gaps told: ${told}\n`,
      )
    },
  )
}
