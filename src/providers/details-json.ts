/**
 * Details as JSON text. What JSON has no type for stays readable: a bigint beyond 2^53 is a decimal string, bytes are
 * `{"bytesValue":"<standard base64>"}` as OTLP/JSON names them, NaN and the infinities are their names.
 */
export function detailsJson(value: object): string {
  return JSON.stringify(value, carried)
}

function carried(this: unknown, key: string, value: unknown): unknown {
  // A Buffer (and whoever patched BigInt.prototype) has a toJSON, which has run already: look at the value itself.
  const original = (this as Record<string, unknown>)[key]
  if (typeof original === 'bigint') return jsonInteger(original)
  if (original instanceof Uint8Array) return { bytesValue: base64(original) }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return value
}

/** A bigint as a number where that is exact, else as a decimal string. */
export function jsonInteger(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
