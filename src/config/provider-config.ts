import { constants } from 'node:os'
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'
import {
  isAuditProvider,
  isProcessor,
  type AuditProvider,
  type AuditProviderProtocol,
} from '../aggregator/audit-provider.ts'
import type { AuditConfirmBy } from '../aggregator/audit-logger.ts'
import type { ModuleSource } from '../aggregator/provider-set.ts'
import type { OnProblem } from '../telemetry/problems.ts'
import { nearestName } from './nearest-name.ts'
import type { SettingReader } from './setting-reader.ts'
import { badConfig, show } from './setting-value.ts'

/** The settings that only code can give, checked by shape. */
export interface ProviderConfig {
  readonly modules?: ModuleSource
  readonly providers: readonly (AuditProvider | AuditProviderProtocol)[]
  readonly enrichers: readonly LogRecordProcessor[]
  readonly confirmBy: AuditConfirmBy
  readonly onProblem?: OnProblem
  readonly shutdownOnSignals: readonly NodeJS.Signals[]
}

/** @throws AuditError `bad_config` */
export function providerConfig(reader: SettingReader, journal: boolean): ProviderConfig {
  const modules = modulesOf(reader.given('modules'))
  const providers = listOf(reader.given('providers'), 'providers').map((provider, index) => {
    if (isAuditProvider(provider)) return provider
    throw badConfig(
      `providers[${index}] is no audit provider: it needs a name in auditBackend (/^[a-z][a-z0-9_-]{0,31}$/) and either ` +
        'onEmit, forceFlush and shutdown, or logAction',
    )
  })
  if (!journal && providers.length === 0 && modules === undefined) {
    throw badConfig('journal is false and there are neither providers nor modules: nothing would keep a record')
  }
  const names = [...(journal ? ['journal'] : []), ...providers.map((provider) => provider.auditBackend)]
  checkUnique(names)
  const onProblem = functionOf(reader.given('onProblem'), 'onProblem') as OnProblem | undefined
  return {
    ...(modules === undefined ? {} : { modules }),
    providers,
    enrichers: listOf(reader.given('enrichers'), 'enrichers').map((enricher, index) => {
      if (isProcessor(enricher)) return enricher
      throw badConfig(`enrichers[${index}] is no LogRecordProcessor: it needs onEmit, forceFlush and shutdown`)
    }),
    confirmBy: confirmByOf(reader, modules === undefined ? names : undefined),
    ...(onProblem === undefined ? {} : { onProblem }),
    shutdownOnSignals: (reader.names('shutdownOnSignals') ?? []).map(signalOf),
  }
}

function confirmByOf(reader: SettingReader, names: readonly string[] | undefined): AuditConfirmBy {
  const { value, where } = reader.find('confirmBy')
  if (value === 'durable') return value
  const list = [...new Set(value as readonly string[])]
  if (list.length === 1 && (list[0] === 'durable' || list[0] === 'all')) return list[0]
  if (list.length === 0)
    throw badConfig(`${where} must not be an empty list; use "durable", "all" or names of backends`)
  for (const name of list) {
    if (names === undefined || names.includes(name)) continue
    const near = nearestName(name, [...names, 'durable', 'all'])
    const hint = near === undefined ? `known: ${names.join(', ')}` : `did you mean "${near}"?`
    throw badConfig(`${where} names the backend ${show(name)}, which is not configured; ${hint}`)
  }
  return list
}

function checkUnique(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  const hint = twice === 'journal' ? '; the journal is there already (journal: false leaves it out)' : ''
  throw badConfig(`providers: two providers are named "${twice}"; give one another name${hint}`)
}

function modulesOf(value: unknown): ModuleSource | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'function') return value as ModuleSource
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return value as ModuleSource
  throw badConfig(`modules must be a list of modules or a function that returns one, not ${show(value)}`)
}

function listOf(value: unknown, name: string): unknown[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw badConfig(`${name} must be a list, not ${show(value)}`)
}

function functionOf(value: unknown, name: string): unknown {
  if (value === undefined || typeof value === 'function') return value
  throw badConfig(`${name} must be a function, not ${show(value)}`)
}

function signalOf(name: string): NodeJS.Signals {
  if (Object.hasOwn(constants.signals, name) && name !== 'SIGKILL' && name !== 'SIGSTOP') return name as NodeJS.Signals
  throw badConfig(`shutdownOnSignals: ${show(name)} is not a signal that can be caught here, such as "SIGTERM"`)
}
