import { resolveConfig } from '../config.ts'
import type { CollectorSettings } from '../delivery/collector-settings.ts'
import { isAuditError } from '../errors.ts'
import { UsageError } from './command.ts'

/** The collector as the library would take it from the environment, or the one at `url`. */
export function collectorSettings(url: string | undefined, env: NodeJS.ProcessEnv): CollectorSettings {
  const { collector } = configured(url === undefined ? {} : { collector: { url } }, env)
  if (collector === false) throw new UsageError('no collector is configured; name it with --url or AUDIT_COLLECTOR_URL')
  return collector
}

function configured(options: object, env: NodeJS.ProcessEnv): ReturnType<typeof resolveConfig> {
  try {
    return resolveConfig(options, env)
  } catch (error) {
    throw isAuditError(error) ? new UsageError(error.message) : error
  }
}
