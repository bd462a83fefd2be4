import {
  createAuditLogger,
  setAuditLogger,
  auditLogger,
  type AuditProviderProtocol,
  type ModuleDefinition,
} from 'otel-audit'

/** A backend of one module: here a list, elsewhere a client of your search index. */
class SearchIndexProvider implements AuditProviderProtocol {
  readonly auditBackend = 'search'
  readonly found: string[] = []

  logAction: AuditProviderProtocol['logAction'] = (event) => {
    this.found.push(`${event.adminUserId} ${event.eventName} ${event.targetId}`)
    return true
  }
}

const search = new SearchIndexProvider()
const modules: ModuleDefinition[] = [
  { code: 'stores' }, // a module without a provider
  { code: 'search', enabled: () => process.env['SEARCH'] !== 'off', auditProvider: () => search }, // lazy: made at the first call
]

setAuditLogger(createAuditLogger({ modules, confirmBy: 'all' }))

const ok = await auditLogger.logAction({
  adminUserId: 'alice',
  action: 'close_store',
  targetType: 'store',
  targetId: 7,
})
console.log(ok, search.found) // true: the journal and the search index both have it
await auditLogger.shutdown()
