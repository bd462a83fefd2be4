import type { CollectorSettings } from '../delivery/collector-settings.ts'
import { createTransport, type Transport } from '../delivery/transport.ts'
import { judge } from '../delivery/verdict.ts'
import type { SetAsideEntry } from '../journal/journal-source.ts'
import type { SetAsideStore } from '../journal/set-aside.ts'
import { checkNotStopped, type ExitCode } from './command.ts'
import { escapeText, toJsonLine } from './escape.ts'
import type { Terminal } from './terminal.ts'

export interface ResendOptions {
  readonly settings: CollectorSettings
  readonly terminal: Terminal
  readonly json: boolean
}

/** Posts each record alone, one at a time, and takes out what the collector confirms. */
export async function resend(
  store: SetAsideStore,
  entries: readonly SetAsideEntry[],
  { settings, terminal, json }: ResendOptions,
): Promise<ExitCode> {
  const transport = createTransport(settings, 'otel-audit-cli')
  let refused = 0
  let unreached = 0
  try {
    for (const entry of entries) {
      checkNotStopped(terminal.stopped)
      const outcome = await post(transport, entry)
      if (outcome.result === 'delivered') store.remove(entry.stream, entry.number)
      if (outcome.result === 'refused') refused++
      if (outcome.result === 'unreached') unreached++
      const colour = outcome.result === 'delivered' ? 'green' : 'red'
      await terminal.out(
        json
          ? toJsonLine({ stream: entry.stream, number: entry.number, ...outcome })
          : `${entry.stream}/${entry.number}  ${terminal.paint(colour, outcome.result)}  ${escapeText(outcome.reason)}`,
      )
    }
  } finally {
    transport.close()
  }
  return unreached > 0 ? 3 : refused > 0 ? 1 : 0
}

interface Outcome {
  readonly result: 'delivered' | 'refused' | 'unreached'
  readonly reason: string
}

async function post(transport: Transport, entry: SetAsideEntry): Promise<Outcome> {
  const verdict = judge(await transport.send(Buffer.from(entry.request)), Date.now())
  switch (verdict.kind) {
    case 'delivered':
      return { result: 'delivered', reason: verdict.warning ?? 'the collector has it now' }
    case 'rejected':
      return { result: 'refused', reason: `${verdict.reason} ${verdict.answer.body.slice(0, 200)}`.trim() }
    case 'duplicate':
      return { result: 'refused', reason: `${verdict.reason}: known there with other content` }
    case 'retry':
    case 'endpoint':
      return { result: 'unreached', reason: verdict.reason }
  }
}
