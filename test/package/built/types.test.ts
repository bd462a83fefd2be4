import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { consumer, successful } from './consumer.ts'

/** What a service of ours writes; every kind of value that callers really have in hand. */
const service = `
import { auditLogger, createAuditLogger, isAuditError, setAuditLogger, type AuditEventInput, type AuditReceipt, type ModuleDefinition } from 'otel-audit'
import { memoryProvider } from 'otel-audit/providers'
import { integrityHash, parseOtlpLogs } from 'otel-audit/integrity'
import * as testing from 'otel-audit/testing'

interface StoreModule extends ModuleDefinition { title: string }
interface StoreDetails { name: string; limits?: { credit: number | null } }

export function describe(req: { ip: string | undefined; get(name: string): string | undefined }, row: { requestId: string | null }): AuditEventInput {
  const details: StoreDetails = { name: 'Berlin', limits: { credit: null } }
  return {
    adminUserId: 42, action: 'create_store', targetType: 'store', targetId: 7n, details,
    ipAddress: req.ip, userAgent: req.get('user-agent'), requestId: row.requestId, outcome: 'failure', occurredAt: new Date(),
    attributes: { 'tenant.id': 't1' },
  }
}

export async function main(input: AuditEventInput): Promise<AuditReceipt> {
  const modules: StoreModule[] = [{ code: 'stores', title: 'Stores', enabled: () => true, auditProvider: () => memoryProvider() }]
  await using logger = createAuditLogger({ serviceName: 'shop', journal: false, collector: false, modules })
  const undo: () => void = setAuditLogger(logger)
  const confirmed: boolean = await auditLogger.logAction(input, { backends: ['memory'], timeoutMillis: 100 })
  const result: number = await auditLogger.track(input, () => (confirmed ? 1 : 0))
  undo()
  try {
    return await logger.emit({ ...input, details: { result } })
  } catch (error) {
    if (isAuditError(error) && error.code === 'not_confirmed') console.error(error.message, error.receipt)
    throw error
  }
}

export const hashes: string[] = parseOtlpLogs('{"resourceLogs":[]}').resourceLogs.flatMap((resource) =>
  (resource.scopeLogs ?? []).flatMap((scope) => (scope.logRecords ?? []).map((record) => integrityHash(record))))
export type Testing = typeof testing
// @ts-expect-error a misspelt member is refused
export const misspelt: AuditEventInput = { adminUser: 1, action: 'a', targetType: 'b', targetId: 'c' }
`

const strict = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable', 'dom'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  types: ['node'],
  skipLibCheck: false,
  verbatimModuleSyntax: true,
}

describe('the types of the installed package', () => {
  beforeAll(() => writeFileSync(join(consumer, 'src', 'service.ts'), service))

  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('serve a strict service compiled with module %s and resolution %s', (module, moduleResolution) => {
    const config = `tsconfig.${moduleResolution}.json`
    const compilerOptions = { ...strict, module, moduleResolution }
    writeFileSync(join(consumer, config), JSON.stringify({ compilerOptions, files: ['src/service.ts'] }))
    const tsc = join(consumer, 'node_modules', 'typescript', 'bin', 'tsc')
    const run = spawnSync(process.execPath, [tsc, '-p', config], { cwd: consumer, encoding: 'utf8' })
    expect(successful(run).stdout).toBe('')
  })
})
