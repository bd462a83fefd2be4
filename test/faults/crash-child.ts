/*
 * A service that logs without pause until it is killed. Every confirmed record id goes to a file by a synchronous write,
 * which a kill can't take back: the oracle in the parent process knows what was acknowledged.
 */
import { randomUUID } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { createAuditLogger } from '../../src/create-audit-logger.ts'

const [dir = '', url = '', inFlight = '8', acknowledged = ''] = process.argv.slice(2)
const oracle = openSync(acknowledged, 'a')
const logger = createAuditLogger({
  serviceName: 'crash-child',
  journal: { dir, segmentMaxBytes: 64 * 1024 },
  collector: url === 'none' ? false : { url },
  onProblem: (problem) => writeSync(2, `${problem.code}: ${problem.message}\n`),
})

// Nobody kills it any more when a test run was broken off.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) process.exit(1)
}, 1_000).unref()

let told = false

async function loop(): Promise<never> {
  for (let i = 0; ; i++) {
    const recordId = randomUUID()
    const event = { adminUserId: 'child', action: 'update', targetType: 'setting', targetId: i, recordId }
    const confirmed = await logger.logAction({ ...event, details: { filler: 'x'.repeat(i % 400) } })
    if (!confirmed) continue
    writeSync(oracle, `${recordId}\n`)
    if (!told) writeSync(1, 'first\n')
    told = true
  }
}

writeSync(1, 'up\n')
for (let i = 0; i < Number(inFlight); i++) void loop()
