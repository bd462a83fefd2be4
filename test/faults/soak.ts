import { execFile } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../scripts/soak.ts', import.meta.url))

export interface Soaked {
  readonly code: number
  readonly ok: boolean
  readonly seed: number
  readonly seconds: number
  readonly samples: number
  readonly counts: Readonly<Record<string, number>>
  readonly heap: { readonly riseBytes: number; readonly perHourBytes: number }
  readonly descriptors: { readonly least: number; readonly most: number }
  readonly failures: readonly string[]
}

/** Runs `scripts/soak.ts` in a process of its own and prints what was tried. */
export async function soak(args: readonly string[]): Promise<Soaked> {
  const { code, stdout, stderr } = await run([script, '--json', ...args])
  if (stdout === '') throw new Error(stderr)
  const result = { code, ...(JSON.parse(stdout) as Omit<Soaked, 'code'>) }
  const { seconds, seed, samples, counts, heap, descriptors } = result
  const figures = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
  process.stdout.write(
    `tried: soak of ${seconds} s, seed ${seed}, ${samples} samples: ${figures.join(', ')}, heap ${heap.riseBytes.toFixed(0)} ` +
      `bytes up, descriptors ${descriptors.least} to ${descriptors.most}\n`,
  )
  return result
}

function run(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { cwd: path.dirname(script), maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr })
    })
  })
}
