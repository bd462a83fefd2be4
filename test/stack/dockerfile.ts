import { readFileSync } from 'node:fs'

export type BuildStep =
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'copy'; readonly from: readonly string[]; readonly to: string }

export interface ContainerImage {
  /** COPY and RUN in their order. */
  readonly steps: readonly BuildStep[]
  readonly env: Readonly<Record<string, string>>
  readonly command: readonly string[]
}

/** As much of a Dockerfile as the sample service's uses; anything else in it is an error, so that nothing is passed over. */
export function readDockerfile(file: string): ContainerImage {
  const steps: BuildStep[] = []
  const env: Record<string, string> = {}
  let command: readonly string[] = []
  const text = readFileSync(file, 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
  for (const line of text.split('\n').filter((candidate) => candidate.trim() !== '')) {
    const [, instruction = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    const words = rest.split(/\s+/)
    switch (instruction) {
      case 'RUN':
        steps.push({ kind: 'run', command: rest })
        break
      case 'COPY':
        steps.push({ kind: 'copy', from: words.slice(0, -1), to: words.at(-1) ?? '' })
        break
      case 'ENV':
        for (const word of words) env[word.slice(0, word.indexOf('='))] = word.slice(word.indexOf('=') + 1)
        break
      case 'CMD':
        command = JSON.parse(rest) as string[]
        break
      case 'FROM':
      case 'WORKDIR':
      case 'USER':
      case 'VOLUME':
      case 'EXPOSE':
      case 'STOPSIGNAL':
        break
      default:
        throw new Error(`${file}: ${line}`)
    }
  }
  return { steps, env, command }
}
