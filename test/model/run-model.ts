import { execFile } from 'node:child_process'
import path from 'node:path'

const program = path.join(import.meta.dirname, 'power-cut-model.ts')

export interface ModelResult {
  readonly sequences: number
  readonly acknowledged: number
  readonly lastSeed: number
  /** What went wrong → how often, and the first seed. */
  readonly found: Record<string, { readonly count: number; readonly seed: number }>
}

/** Runs the model in a process of its own. */
export function runModel(options: {
  seed: number
  sequences: number
  flags?: readonly string[]
}): Promise<ModelResult> {
  const { seed, sequences, flags = [] } = options
  const args = [program, '--seed', String(seed), '--sequences', String(sequences), ...flags]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as ModelResult)
      else reject(new Error(`the model ended with ${String(error.code)}: ${stderr}`))
    })
  })
}
