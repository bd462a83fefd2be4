import { resolveConfig, type ResolvedConfig } from '../../config.ts'
import { effectiveSettings, type EffectiveSetting, withoutSecrets } from '../../config/effective-settings.ts'
import { isAuditError } from '../../errors.ts'
import { checkAnswer } from './answer.ts'
import { checked, type Check } from './check.ts'
import { checkConnection } from './connection.ts'
import { checkDirectory, checkFileSystem, checkSpace } from './directory.ts'
import { checkLimits } from './limits.ts'
import { checkSyncTime } from './sync-time.ts'

export interface Examination {
  readonly options: Readonly<Record<string, unknown>>
  readonly env: NodeJS.ProcessEnv
  readonly timeoutMillis: number
  readonly stopped: AbortSignal
  readonly onCheck: (check: Check) => Promise<void>
}

/** Runs every check that the settings make sense for, and hands each over as soon as it is there. */
export async function examine(examination: Examination): Promise<readonly EffectiveSetting[]> {
  const { options, env, onCheck } = examination
  const say = async (checks: readonly Check[]): Promise<void> => {
    for (const check of checks) await onCheck(check)
  }
  let config: ResolvedConfig
  try {
    config = resolveConfig(options, env)
  } catch (error) {
    if (!isAuditError(error)) throw error
    const advice = 'the library does not start with these settings; docs/settings.md has the list'
    await say([{ name: 'settings', status: 'fail', found: error.message, advice }])
    return []
  }
  const settings = effectiveSettings(options, env)
  const given = settings.filter(({ source }) => source !== 'default').length
  await say([{ name: 'settings', status: 'ok', found: `${given} of ${settings.length} are not the default` }])
  for (const { message } of config.warnings) {
    await say([{ name: 'settings', status: 'warn', found: message, advice: 'correct it or take it out' }])
  }
  await examineJournal(config, examination, say)
  await examineCollector(config, examination, say)
  return settings
}

type Say = (checks: readonly Check[]) => Promise<void>

async function examineJournal({ journal }: ResolvedConfig, { stopped }: Examination, say: Say): Promise<void> {
  if (journal === false) {
    const found = 'none: nothing is durable here'
    await say([{ name: 'directory', status: 'warn', found, advice: 'leave AUDIT_JOURNAL on' }])
    return
  }
  const { checks, nearest } = checkDirectory(journal)
  await say(checks)
  if (nearest !== undefined) {
    await say(await checked('file system', () => checkFileSystem(journal, nearest)))
    await say(await checked('free space', () => checkSpace(journal, nearest)))
    const usable = checks.every(({ status }) => status !== 'fail')
    if (usable) await say(await checked('sync', () => checkSyncTime(nearest, stopped)))
  }
  await say(await checked('limits', () => checkLimits(journal.segmentMaxBytes)))
}

async function examineCollector({ collector }: ResolvedConfig, examination: Examination, say: Say): Promise<void> {
  const { timeoutMillis } = examination
  const isStopped = (): boolean => examination.stopped.aborted
  if (collector === false) {
    const advice = 'name one (AUDIT_COLLECTOR_URL), so that a second place has the records'
    await say([{ name: 'endpoint', status: 'warn', found: 'none: nobody but this disk has the records', advice }])
    return
  }
  await say([{ name: 'endpoint', status: 'ok', found: withoutSecrets(collector.url) }])
  if (isStopped()) return
  const connection = await checked('connection', () => checkConnection(collector, timeoutMillis))
  await say(connection)
  if (isStopped() || connection.some(({ status }) => status === 'fail')) return
  await say(await checked('answer', () => checkAnswer(collector, timeoutMillis)))
}
