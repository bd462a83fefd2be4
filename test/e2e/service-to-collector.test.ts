import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { secret, startAdminLoad } from './admin-load.ts'
import { healthOf, otelAudit, startAdminService, type AdminService } from './admin-service.ts'
import { recordsOfCollector, recordsOfJournal } from './audit-records.ts'
import { readCollectorOutput } from './collector-output.ts'
import { requireCollector, startCollector, type CollectorProcess } from './collector-process.ts'
import { until } from './until.ts'

describe.skipIf(requireCollector() === undefined)(
  'from requests to the sample service to the file of a real Collector',
  () => {
    let dir = ''
    let journal = ''
    let collector: CollectorProcess
    let service: AdminService | undefined

    beforeEach(async () => {
      dir = mkdtempSync(join(tmpdir(), 'audit-e2e-'))
      journal = join(dir, 'journal')
      collector = await startCollector({ dir: join(dir, 'collector') })
    })
    afterEach(async () => {
      await service?.kill()
      await collector.kill()
      rmSync(dir, { recursive: true, force: true })
    })

    it('nothing is lost while Collector and service are killed, stopped and started again under load', async () => {
      service = await startAdminService(journal, { AUDIT_COLLECTOR_URL: collector.url })
      const load = startAdminLoad(service.url)
      await load.more(80)
      await collector.kill()
      await load.more(60)
      await collector.restart()
      await load.more(60)
      await service.kill()
      await service.restart()
      await load.more(60)
      await collector.stop()
      await load.more(60)
      await service.kill() // its backlog is for the next life
      await service.restart()
      await load.more(60)
      await collector.restart()
      await load.more(60)
      await load.end()
      const { url } = service
      await until(
        async () => (await healthOf(url)).audit.undelivered === 0,
        async () => JSON.stringify(await healthOf(url)),
      )
      expect(await service.stop()).toBe(0)
      await collector.stop()

      expect(load.wrong).toEqual([])
      const arrived = recordsOfCollector(collector.outputFile)
      const byRequestId = new Map(arrived.map((record) => [record.requestId, record]))
      const asAnswered = [...load.answered.values()].map(({ requestId, as, eventName, outcome }) => {
        return { requestId, as, eventName, outcome }
      })
      const asArrived = asAnswered.map(({ requestId }) => {
        const record = byRequestId.get(requestId)
        const [as, outcome] = [record?.attributes['audit.actor.id'], record?.attributes['audit.outcome']]
        return { requestId, as, eventName: record?.eventName, outcome }
      })
      expect(asArrived).toEqual(asAnswered)
      const places = (records: readonly { readonly place: string }[]) =>
        [...new Set(records.map(({ place }) => place))].sort()
      expect(places(arrived)).toEqual(places(recordsOfJournal(journal)))
      const lives = (event: string) => places(arrived.filter(({ eventName }) => eventName === event)).length
      expect(lives('audit.pipeline.start')).toBe(3)
      expect(lives('audit.pipeline.stop')).toBe(1)
      expect(readFileSync(collector.outputFile, 'utf8')).not.toContain(secret)
      expect(readCollectorOutput(collector.outputFile).torn).toBeLessThanOrEqual(1)

      for (const sources of [[journal], [collector.outputFile], [journal, collector.outputFile]]) {
        const { code, text } = otelAudit('verify', ...sources)
        expect(text).toContain('nothing altered, nothing missing')
        expect(code).toBe(0)
      }
      process.stdout.write(
        `tried: ${String(load.answered.size)} requests answered, ${String(load.unanswered())} cut off, Collector killed once and stopped once, ` +
          `service killed twice; ${String(arrived.length)} records arrived, ${String(arrived.length - places(arrived).length)} of them twice, 0 lost\n`,
      )
    })
  },
)
