import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

function run(source: string) {
  const full = `import { createAuditLogger } from './src/index.ts'
    const event = { adminUserId: 1, action: 'a', targetType: 't', targetId: 1 }
    const hanging = { auditBackend: 'slow', logAction: () => new Promise(() => {}) }
    ${source}`
  const start = performance.now()
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', full], { encoding: 'utf8', timeout: 20_000 })
  return { ...child, took: performance.now() - start }
}

it('await logAction of a provider with nothing that keeps the process alive answers before the process ends', () => {
  const { stdout, status } = run(`
    const logger = createAuditLogger({ journal: false, providers: [hanging], providerTimeoutMillis: 200 })
    console.log(await logger.logAction(event))`)
  expect({ stdout, status }).toEqual({ stdout: 'false\n', status: 0 })
})

it('a provider that hangs after the answer does not keep the process alive', () => {
  const { stdout, status, took } = run(`
    const providers = [{ auditBackend: 'quick', logAction: () => true }, hanging]
    const logger = createAuditLogger({ journal: false, providers, providerTimeoutMillis: 15_000 })
    console.log(await logger.logAction(event))`)
  expect({ stdout, status }).toEqual({ stdout: 'true\n', status: 0 })
  expect(took).toBeLessThan(14_000)
})

it('an idle logger does not keep the process alive, nor do the reports of its problems', () => {
  const { status, took, stderr } = run(`
    const logger = createAuditLogger({ journal: false, providers: [{ auditBackend: 'no', logAction: () => false }] })
    await logger.logAction(event)
    await logger.logAction(event)`)
  expect(status).toBe(0)
  expect(took).toBeLessThan(15_000)
  expect(stderr).toContain('[provider_failed] AuditWarning: Audit backend "no" said no')
})

it('shutdownOnSignals shuts down and raises the signal again', () => {
  const { stdout, signal } = run(`
    const provider = { auditBackend: 'p', logAction: () => true, shutdown: async () => { console.log('closed') } }
    createAuditLogger({ journal: false, providers: [provider], shutdownOnSignals: ['SIGTERM'] })
    setInterval(() => {}, 1000)
    process.kill(process.pid, 'SIGTERM')`)
  expect({ stdout, signal }).toEqual({ stdout: 'closed\n', signal: 'SIGTERM' })
})

it('shutdownOnSignals leaves the end of the process to another listener that is there', () => {
  const { stdout, status } = run(`
    const provider = { auditBackend: 'p', logAction: () => true, shutdown: async () => { console.log('closed') } }
    createAuditLogger({ journal: false, providers: [provider], shutdownOnSignals: ['SIGTERM'] })
    let times = 0
    process.on('SIGTERM', () => { times++; setTimeout(() => { console.log(times); process.exit(5) }, 200) })
    setInterval(() => {}, 1000)
    process.kill(process.pid, 'SIGTERM')`)
  expect({ stdout, status }).toEqual({ stdout: 'closed\n1\n', status: 5 })
})

it('importing the package starts nothing and touches no OpenTelemetry global', () => {
  const { stdout } = run(`
    console.log(JSON.stringify([process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY/.test(name)),
      process.eventNames().filter((name) => String(name).startsWith('SIG')),
      Object.getOwnPropertySymbols(globalThis).map(String).filter((name) => /otel|opentelemetry/.test(name))]))
    await import('node:timers/promises')`)
  expect(JSON.parse(stdout)).toEqual([[], [], []])
})
