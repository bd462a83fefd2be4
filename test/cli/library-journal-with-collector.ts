import { createAuditLogger } from '../../src/index.ts'
import { startOtlpReceiver } from '../../scripts/demo/otlp-receiver.ts'
import { join } from 'node:path'
import { scratchDirectory } from './journal-fixture.ts'

/** Another life on the same journal, one that delivers: it adopts what the one before left. */
export async function libraryJournalWithCollector(directory: string): Promise<void> {
  const receiver = await startOtlpReceiver(join(scratchDirectory(), 'received'), () => undefined)
  const logger = createAuditLogger({ journal: { dir: directory }, collector: { url: receiver.url } })
  await logger.emit({ adminUserId: 'alice', action: 'login', targetType: 'session', targetId: 1 })
  await logger.drain({ timeoutMillis: 10_000 })
  await logger.shutdown()
  await receiver.close()
}
