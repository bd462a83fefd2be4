import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { checkJournal, gapsOf } from './journal-on-disk.ts'
import { scratch } from './mounts.ts'
import { Service } from './service.ts'

const skipped = process.platform === 'win32'

it.skipIf(skipped)(
  'a file size limit (EFBIG, short writes) moves records to the next segment; none is refused',
  async () => {
    const dir = path.join(scratch(), 'journal')
    const service = new Service({ logger: { journal: { dir }, collector: false }, shell: 'ulimit -f 100' })
    await service.log(300, { together: 7, fillerBytes: 700 })
    expect(service.refused).toEqual([])
    expect((await service.problems()).every((problem) => problem.startsWith('disk_full: '))).toBe(true)
    expect((await service.health()).status).toBe('ok')
    await service.shutdown()
    const [stream = ''] = readdirSync(dir).filter((name) => name.length === 36)
    const segments = readdirSync(path.join(dir, stream)).filter((name) => name.endsWith('.jsonl')).length
    expect(segments).toBeGreaterThan(3)
    const records = await checkJournal(dir, service.acknowledged)
    expect(gapsOf(records)).toEqual({})
    process.stdout.write(
      `tried: EFBIG and short writes by ulimit -f: ${segments - 1} segments cut off, 300 acknowledged, 0 missing\n`,
    )
  },
)

it.skipIf(skipped)(
  'a line that no file may hold is refused, and the trail goes on in a new stream that says why',
  async () => {
    const dir = path.join(scratch(), 'journal')
    const service = new Service({ logger: { journal: { dir }, collector: false }, shell: 'ulimit -f 16' })
    await service.log(3)
    const refused = await service.log(4, { fillerBytes: 30_000 })
    expect(refused.map(({ code }) => code)).toEqual(Array(4).fill('disk_full'))
    expect(await service.logAction()).toBe(true)
    await service.log(3)
    expect((await service.health()).status).toBe('ok')
    await service.shutdown()
    const records = await checkJournal(dir, service.acknowledged)
    expect(gapsOf(records)).toEqual({ disk_full: 4 })
    const starts = records.filter(({ eventName }) => eventName === 'audit.pipeline.start')
    expect(starts.some(({ body }) => /EFBIG|ENOSPC/.test(body['reason'] ?? ''))).toBe(true)
    process.stdout.write(`tried: EFBIG twice in a row: 4 refused and told, ${starts.length} streams, 0 missing\n`)
  },
)
