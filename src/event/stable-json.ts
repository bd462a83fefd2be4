/**
 * One text for one value, whatever the order of its keys: JSON without white space, keys sorted by UTF-16 code units,
 * bigints as their digits, bytes as a string in standard base64. Takes what the event room has made faithful: at most
 * 64 levels deep, without cycles.
 */
export function stableJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? 'null' : containerJson(value)
    default:
      return 'null'
  }
}

function containerJson(value: object): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`
  if (value instanceof Uint8Array) return `"${base64(value)}"`
  const source = value as Readonly<Record<string, unknown>>
  const keys = Object.keys(source).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${stableJson(source[key])}`).join(',')}}`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
