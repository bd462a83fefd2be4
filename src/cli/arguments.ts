import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { UsageError } from './command.ts'

/** The options that every verb has; `--help` is answered before a verb sees its arguments. */
export const everyVerb = { json: { type: 'boolean', default: false } } as const
export const journalVerb = { ...everyVerb, dir: { type: 'string' } } as const

type Parsed<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>
>

/** `parseArgs`, with its refusals as usage errors. */
export function parse<const O extends ParseArgsOptionsConfig>(args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new UsageError(message.replaceAll(/\s*\n\s*/g, ' '))
  }
}

/** A whole number that is not negative. */
export function count(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${option} wants a number, not "${text}"`)
  return Number(text)
}

/** `--dir`, else AUDIT_JOURNAL_DIR, else ./audit-journal. */
export function journalDirectory(option: string | undefined, env: NodeJS.ProcessEnv): string {
  return option ?? (env['AUDIT_JOURNAL_DIR'] || './audit-journal')
}
