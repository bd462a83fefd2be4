import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'

const child = path.join(import.meta.dirname, 'crash-child.ts')

/** Runs one child until it is killed, `millis` after its start or after its first confirmation. */
export function liveAndDie(args: readonly string[], millis: number, early: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const life = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let errors = ''
    life.stderr.on('data', (chunk) => (errors += String(chunk)))
    createInterface({ input: life.stdout }).on('line', (line) => {
      if (line === (early ? 'up' : 'first')) setTimeout(() => life.kill('SIGKILL'), millis)
    })
    const tooLong = setTimeout(() => life.kill('SIGKILL'), 20_000)
    life.on('close', (_code, signal) => {
      clearTimeout(tooLong)
      if (signal === 'SIGKILL') resolve()
      else reject(new Error(`the child ended by itself: ${errors}`))
    })
  })
}
