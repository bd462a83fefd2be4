import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

/** What a command may do to the outside. Data goes to `out`, everything else to `note`. */
export interface Terminal {
  /** Writes one line of data. Resolves when the reader has room for more. */
  out(line: string): Promise<void>
  /** Writes one line for the human on stderr. */
  note(line: string): void
  /** Aborted when nobody reads stdout any more, or by SIGINT and SIGTERM. */
  readonly stopped: AbortSignal
  readonly paint: Paint
}

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'
export type Paint = (colour: Colour, text: string) => string

const codes: Record<Colour, string> = { red: '31', green: '32', yellow: '33', cyan: '36', dim: '2', bold: '1' }

export const plain: Paint = (_colour, text) => text
export const ansi: Paint = (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`

/** Colours only for a terminal that did not decline them (no-color.org). */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  if (env['NO_COLOR']) return plain
  if (env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0') return ansi
  return stream.isTTY === true && env['TERM'] !== 'dumb' ? ansi : plain
}

export interface ProcessTerminal extends Terminal {
  stop(): void
  /** Waits for what is on its way. False when some of the data could not be written. */
  written(): Promise<boolean>
}

/** The terminal of a process. A reader that goes away (`| head`) is no error and gets no message. */
export function processTerminal(
  stdout: Writable & { isTTY?: boolean },
  stderr: Writable,
  env: NodeJS.ProcessEnv,
): ProcessTerminal {
  const stopping = new AbortController()
  let closed = false
  let failed = false
  const gone = (error: NodeJS.ErrnoException) => {
    closed = true
    stopping.abort()
    if (error.code === 'EPIPE' || failed) return
    failed = true
    stderr.write(`otel-audit: cannot write the output: ${error.message}\n`)
  }
  stdout.on('error', gone)
  stderr.on('error', () => undefined)
  return {
    async out(line) {
      if (closed || stdout.write(`${line}\n`)) return
      await new Promise<void>((resolve) => {
        const done = () => {
          stdout.off('drain', done)
          stdout.off('error', done)
          resolve()
        }
        stdout.on('drain', done)
        stdout.on('error', done)
      })
    },
    note(line) {
      stderr.write(`${line}\n`)
    },
    stopped: stopping.signal,
    stop: () => stopping.abort(),
    async written() {
      await new Promise<void>((resolve) => stdout.write('', () => resolve()))
      // The error of a write is told a turn later than its end.
      await setImmediate()
      return !failed
    },
    paint: paintFor(stdout, env),
  }
}
