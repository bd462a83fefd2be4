import { everyVerb, count, parse } from '../arguments.ts'
import { checkNotStopped, UsageError, type Command, type ExitCode } from '../command.ts'
import type { Check } from '../doctor/check.ts'
import { examine } from '../doctor/examine.ts'
import { escapeText, toJsonLine } from '../escape.ts'
import { plural } from '../figures.ts'
import type { Colour } from '../terminal.ts'

const colours: Record<Check['status'], Colour> = { ok: 'green', warn: 'yellow', fail: 'red', unchecked: 'red' }

export const doctor: Command = {
  help: `otel-audit doctor — will records be safe here, and will they arrive?

Examples:
  otel-audit doctor                                          with the environment as it is
  otel-audit doctor --dir /var/lib/shop/audit                another journal
  otel-audit doctor --url https://collector.example.com:4318 another collector
  otel-audit doctor --json | jq '.checks[] | select(.status != "ok")'

Usage: otel-audit doctor [--dir <directory>] [--url <address>] [--timeout <seconds>] [--json]

Looks at the journal's directory (rights, owner, file system, space, the time of a synced write), at the limits of this
process, and at the collector (name, connection, certificate, answer to an empty OTLP request, its clock), one line a check.
Then come the settings in effect and who set them; of headers only the names are shown. Settings that a service gives in
code are not seen here: give --dir and --url. Run it as the user and in the container of the service.
The time of a synced write is measured in a directory beside or inside the journal's, which is removed again; the journal
itself is not touched, and the collector gets a request without records.
warn: works, but not as well or as safely as it could. fail: records would be refused or not arrive.
Exit: 0 nothing failed, 1 a check failed, 2 wrong usage, 3 something could not be checked.`,

  async run(args, terminal, env) {
    const { values, positionals } = parse(args, {
      ...everyVerb,
      dir: { type: 'string' },
      url: { type: 'string' },
      timeout: { type: 'string', default: '5' },
    })
    if (positionals.length > 0)
      throw new UsageError(`doctor takes no argument "${positionals[0] ?? ''}"; say --dir or --url`)
    const timeoutMillis = count('--timeout', values.timeout) * 1_000
    if (timeoutMillis === 0) throw new UsageError('--timeout wants at least 1 second')
    const checks: Check[] = []
    const settings = await examine({
      options: {
        ...(values.dir === undefined ? {} : { journal: { dir: values.dir } }),
        ...(values.url === undefined ? {} : { collector: { url: values.url } }),
      },
      env,
      timeoutMillis,
      stopped: terminal.stopped,
      onCheck: async (check) => {
        checks.push(check)
        if (values.json) return
        const { name, status, found, advice } = check
        const doing = advice === undefined || status === 'ok' ? '' : terminal.paint('dim', ` — ${escapeText(advice)}`)
        await terminal.out(
          `${terminal.paint(colours[status], status.padEnd(9))} ${name.padEnd(12)} ${escapeText(found)}${doing}`,
        )
      },
    })
    checkNotStopped(terminal.stopped)
    const code = exitOf(checks)
    if (values.json) {
      await terminal.out(toJsonLine({ ok: code === 0, checks, settings }))
      return code
    }
    if (settings.length > 0) await terminal.out(terminal.paint('bold', '\nsettings in effect'))
    for (const { name, value, source, where } of settings) {
      const line = `  ${name.padEnd(30)} ${escapeText(value)}`
      await terminal.out(
        `${line}  ${terminal.paint('dim', where === undefined ? `(${source})` : `(${source}: ${where})`)}`,
      )
    }
    terminal.note(summary(checks))
    return code
  },
}

function exitOf(checks: readonly Check[]): ExitCode {
  if (checks.some(({ status }) => status === 'fail')) return 1
  return checks.some(({ status }) => status === 'unchecked') ? 3 : 0
}

function summary(checks: readonly Check[]): string {
  const of = (status: Check['status']): number => checks.filter((check) => check.status === status).length
  const unchecked = of('unchecked') === 0 ? '' : `, ${of('unchecked')} could not be made`
  return `${plural(checks.length, 'check')}: ${of('fail')} failed, ${plural(of('warn'), 'warning')}${unchecked}`
}
