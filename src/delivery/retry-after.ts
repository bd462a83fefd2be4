import type { IncomingHttpHeaders } from 'node:http'

const imfDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
const rfc850Date = /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/
const asctimeDate = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/** An HTTP date (RFC 9110: one current and two obsolete spellings) as epoch milliseconds. */
function httpDate(text: string): number | undefined {
  let millis = Number.NaN
  if (imfDate.test(text) || rfc850Date.test(text)) millis = Date.parse(text)
  else if (asctimeDate.test(text)) millis = Date.parse(`${text} GMT`)
  return Number.isNaN(millis) ? undefined : millis
}

/**
 * How long the server asks us to stay away, in milliseconds, never negative. Seconds (a fraction is taken), or an HTTP
 * date, which counts from the answer's own `Date` so that a wrong clock on either side does no harm; without one, from
 * `now`. `undefined` for anything else, negative seconds among it.
 */
export function retryAfterMillis(headers: IncomingHttpHeaders, now: number): number | undefined {
  const value = headers['retry-after']?.trim()
  if (value === undefined || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000
  const at = httpDate(value)
  if (at === undefined) return undefined
  const serverNow = typeof headers.date === 'string' ? httpDate(headers.date.trim()) : undefined
  return Math.max(0, at - (serverNow ?? now))
}
