import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { CollectorTls } from '../delivery/collector-settings.ts'
import { describe } from '../telemetry/describe-cause.ts'
import type { SettingReader } from './setting-reader.ts'
import { badConfig } from './setting-value.ts'

interface PemBlock {
  /** What stands behind `-----BEGIN `, such as `CERTIFICATE`. */
  readonly label: string
  readonly text: string
}

interface PemFile {
  /** The setting and the file, for messages; what the file holds is never in one. */
  readonly shown: string
  readonly blocks: readonly PemBlock[]
}

/**
 * Certificates and key, read and checked at start: a bad one must not wait for the first record to show itself.
 *
 * @throws AuditError `bad_config`
 */
export function collectorTls(reader: SettingReader): CollectorTls | undefined {
  const ca = pemFile(reader, 'collector.tls.caFile')
  const cert = pemFile(reader, 'collector.tls.certFile')
  const key = pemFile(reader, 'collector.tls.keyFile')
  if (ca?.blocks.some(isPrivateKey) === true) {
    throw badConfig(`${ca.shown} holds a private key; only certificates belong there`)
  }
  const authorities = ca && { ca: certificates(ca).text }
  if (cert === undefined && key === undefined) return authorities
  if (cert === undefined || key === undefined) {
    throw badConfig('collector.tls.certFile and collector.tls.keyFile go together; only one of them is set')
  }
  return { ...authorities, ...keyPair(cert, key) }
}

function keyPair(cert: PemFile, key: PemFile): { cert: string; key: string } {
  const chain = certificates(cert)
  const own = privateKey(key)
  if (!chain.first.checkPrivateKey(own.parsed)) {
    throw badConfig(`${key.shown} does not belong to the first certificate of ${cert.shown}`)
  }
  return { cert: chain.text, key: own.text }
}

function pemFile(reader: SettingReader, name: string): PemFile | undefined {
  const { value, where } = reader.find(name)
  if (value === undefined) return undefined
  const shown = `${where}: ${JSON.stringify(value)}`
  let text: string
  try {
    text = readFileSync(value as string, 'utf8')
  } catch (cause) {
    throw badConfig(`${shown} cannot be read: ${describe(cause)}`, cause)
  }
  const blocks = text.split(/(?=-----BEGIN )/).flatMap((part) => {
    const label = /^-----BEGIN ([A-Z0-9 ]*)/.exec(part)?.[1]
    return label === undefined ? [] : [{ label, text: part.trimEnd() }]
  })
  if (blocks.length === 0) throw badConfig(`${shown} is not a PEM file`)
  return { shown, blocks }
}

/** TLS skips what it cannot read in such a file; so each block is tried, and TLS gets the very text that was. */
function certificates({ shown, blocks }: PemFile): { first: X509Certificate; text: string } {
  const texts = blocks.filter(isCertificate).map(({ text }) => text)
  const [first] = texts.map((text, index) => {
    try {
      return new X509Certificate(text)
    } catch (cause) {
      throw badConfig(`${shown}: certificate ${index + 1} of ${texts.length} is damaged`, cause)
    }
  })
  if (first === undefined) throw badConfig(`${shown} holds no certificate`)
  return { first, text: `${texts.join('\n')}\n` }
}

function privateKey({ shown, blocks }: PemFile): { parsed: KeyObject; text: string } {
  const block = blocks.find(isPrivateKey)
  if (block === undefined) throw badConfig(`${shown} holds no private key`)
  if (block.label.startsWith('ENCRYPTED') || block.text.includes('Proc-Type: 4,ENCRYPTED')) {
    throw badConfig(`${shown} is encrypted, and there is no setting for a passphrase; store the key without one`)
  }
  try {
    return { parsed: createPrivateKey(block.text), text: `${block.text}\n` }
  } catch (cause) {
    throw badConfig(`${shown}: the private key is damaged, or of a kind that is not known here`, cause)
  }
}

function isCertificate({ label }: PemBlock): boolean {
  return /^(?:X509 |TRUSTED )?CERTIFICATE$/.test(label)
}

function isPrivateKey({ label }: PemBlock): boolean {
  return label.endsWith('PRIVATE KEY')
}
