import { isIPv6 } from 'node:net'
import type { AuditSourceType } from './audit-event.ts'

export interface SourceAddress {
  readonly ipAddress: string
  readonly sourceType: AuditSourceType
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const mappedDotted = /^(?:0{0,4}:){1,5}:?ffff:(\d+\.\d+\.\d+\.\d+)$/
const mappedHex = /^(?:0{0,4}:){1,5}:?ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

/** An IPv4-mapped IPv6 address (`::ffff:1.2.3.4`, `::ffff:102:304`) as IPv4. */
function mappedIpv4(address: string): string | undefined {
  const dotted = mappedDotted.exec(address)?.[1]
  if (dotted !== undefined) return dotted
  const hex = mappedHex.exec(address)
  if (hex === null) return undefined
  const high = Number.parseInt(hex[1] ?? '', 16)
  const low = Number.parseInt(hex[2] ?? '', 16)
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

function classify(text: string): SourceAddress {
  if (ipv4.test(text)) return { ipAddress: text, sourceType: 'ipv4' }
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (!bare.includes(':') || !isIPv6(bare)) return { ipAddress: text, sourceType: 'hostname' }
  const zone = bare.indexOf('%')
  const address = (zone < 0 ? bare : bare.slice(0, zone)).toLowerCase()
  const mapped = zone < 0 ? mappedIpv4(address) : undefined
  if (mapped !== undefined) return { ipAddress: mapped, sourceType: 'ipv4' }
  return { ipAddress: zone < 0 ? address : address + bare.slice(zone), sourceType: 'ipv6' }
}

const knownAddresses = 1024
const knownLength = 64
let known = new Map<string, SourceAddress>()

/**
 * What kind of source a text names (rule R4). IPv4-mapped IPv6 forms become IPv4, IPv6 becomes lower case and keeps its
 * zone (`fe80::1%eth0`), brackets around it go; whatever is no address is a `hostname` and stays as it is.
 */
export function sourceAddress(text: string): SourceAddress {
  const before = known.get(text)
  if (before !== undefined) return before
  const source = classify(text.trim())
  if (text.length <= knownLength) {
    if (known.size >= knownAddresses) known = new Map<string, SourceAddress>()
    known.set(text, source)
  }
  return source
}
