/* Logs one record after the other and says so of each on fd 1 when it is confirmed. */
import { writeSync } from 'node:fs'
import { createAuditLogger } from '../../src/index.ts'

const [dir = ''] = process.argv.slice(2)
const logger = createAuditLogger({ journal: { dir, segmentMaxBytes: 8_000 }, collector: false })
for (let i = 0; i < 20; i++) {
  if (await logger.logAction({ adminUserId: 'c', action: 'a', targetType: 't', targetId: i }))
    writeSync(1, `ack ${i}\n`)
}
