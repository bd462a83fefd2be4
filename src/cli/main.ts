#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { escapeText } from './escape.ts'
import { CannotCheck, UsageError, type Command, type ExitCode } from './command.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** Verbs are loaded when they are asked for. */
const verbs: Readonly<Record<string, { summary: string; load: () => Promise<Command> }>> = {
  tail: {
    summary: 'show the newest records of a journal, and follow it with -f',
    load: async () => (await import('./commands/tail.ts')).tail,
  },
  verify: {
    summary: 'check journals, segments and Collector files: altered, missing, reordered, forked, torn',
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  status: {
    summary: 'streams, what is not delivered yet, what was set aside, sizes',
    load: async () => (await import('./commands/status.ts')).status,
  },
  'set-aside': {
    summary: 'list, show and send again the records that the collector refused for good',
    load: async () => (await import('./commands/set-aside.ts')).setAside,
  },
  doctor: {
    summary: 'will records be safe here, and will they arrive? Disk, limits, collector, settings',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  torture: {
    summary: 'kill -9, disk faults and a hostile collector, on your disk, in a scratch directory',
    load: async () => (await import('./commands/torture.ts')).torture,
  },
  'trace-id': {
    summary: 'the trace ID that a request ID stands for',
    load: async () => (await import('./commands/trace-id.ts')).traceId,
  },
}

const help = `otel-audit — look into an audit journal and check it

Examples:
  otel-audit tail -f                         records as they are written
  otel-audit tail --request 7f3c…            what one request did
  otel-audit verify ./audit-journal          nothing altered, nothing missing?
  otel-audit status --json                   for your monitoring
  otel-audit doctor                          is this machine fit for it?

Usage: otel-audit <verb> [options]           otel-audit <verb> --help

Verbs:
${Object.entries(verbs)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

The journal: --dir <directory>, else AUDIT_JOURNAL_DIR, else ./audit-journal.
Exit: 0 fine, 1 a problem was found, 2 wrong usage, 3 it could not be checked, or the output not written.`

/** Runs one command line. Never throws. */
export async function main(
  args: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ExitCode> {
  const [name = '', ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') return await print(terminal, help)
  if (name === '--version') return await print(terminal, version())
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (verb === undefined) {
    terminal.note(name === '' ? help : `otel-audit: there is no verb "${escapeText(name)}"; see otel-audit --help`)
    return 2
  }
  try {
    const command = await verb.load()
    const options = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
    if (options.includes('--help') || options.includes('-h')) return await print(terminal, command.help)
    return await command.run(rest, terminal, env)
  } catch (error) {
    const message = escapeText(error instanceof Error ? error.message : String(error))
    if (error instanceof UsageError) terminal.note(`otel-audit ${name}: ${message}; see otel-audit ${name} --help`)
    else terminal.note(`otel-audit ${name}: ${message}`)
    if (!(error instanceof UsageError || error instanceof CannotCheck) && env['DEBUG'])
      terminal.note(String(error instanceof Error ? error.stack : ''))
    return error instanceof UsageError ? 2 : 3
  }
}

async function print(terminal: Terminal, text: string): Promise<ExitCode> {
  await terminal.out(text)
  return 0
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}

const invoked = process.argv[1]
if (invoked !== undefined && realpathSync(invoked) === fileURLToPath(import.meta.url)) {
  const terminal = processTerminal(process.stdout, process.stderr, process.env)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => terminal.stop())
  // Delivery keeps no process alive by itself; a command line that still waits for an answer is not over.
  const untilDone = setInterval(() => undefined, 60_000)
  void main(process.argv.slice(2), terminal).then(async (code) => {
    const written = await terminal.written()
    clearInterval(untilDone)
    process.exitCode = written ? code : 3
  })
}
