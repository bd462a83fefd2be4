/*
 * A service that logs without pause until it is killed. Every confirmed record id goes to stdout by a synchronous write,
 * which a kill can't take back: the oracle in the parent process knows what was acknowledged.
 */
import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createAuditLogger } from '../../src/create-audit-logger.ts'

const [dir = '', url = '', inFlight = '8'] = process.argv.slice(2)
const logger = createAuditLogger({
  serviceName: 'crash-child',
  journal: { dir, segmentMaxBytes: 64 * 1024 },
  collector: url === 'none' ? false : { url },
  onProblem: (problem) => writeSync(2, `${problem.code}: ${problem.message}\n`),
})

async function loop(): Promise<never> {
  for (let i = 0; ; i++) {
    const recordId = randomUUID()
    const event = { adminUserId: 'child', action: 'update', targetType: 'setting', targetId: i, recordId }
    const confirmed = await logger.logAction({ ...event, details: { filler: 'x'.repeat(i % 400) } })
    if (confirmed) writeSync(1, `${recordId}\n`)
  }
}

writeSync(1, 'up\n')
for (let i = 0; i < Number(inFlight); i++) void loop()
