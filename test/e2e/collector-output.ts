import { existsSync, readFileSync } from 'node:fs'

export interface CollectorOutput {
  /** Each whole OTLP/JSON request, in the order of the file. */
  readonly requests: readonly string[]
  /** Pieces that a killed Collector left unfinished; never acknowledged. */
  readonly torn: number
}

/**
 * Reads what the file exporter wrote. It writes a request and its newline separately, so a Collector that is killed in
 * between leaves a request, whole or cut, onto whose line the next life writes. Inside a JSON string the quotes of
 * `{"resourceLogs":[` would be escaped, so that sequence is always the start of a request. The file is made with the
 * first request.
 */
export function readCollectorOutput(file: string): CollectorOutput {
  if (!existsSync(file)) return { requests: [], torn: 0 }
  const pieces = readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => line.split(/(?=\{"resourceLogs":\[)/))
    .filter((piece) => piece !== '')
  const requests = pieces.filter(isJson)
  return { requests, torn: pieces.length - requests.length }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
