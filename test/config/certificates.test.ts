import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveConfig } from '../../src/config.ts'
import type { CollectorTls } from '../../src/delivery/collector-settings.ts'
import { isAuditError } from '../../src/errors.ts'

const pem = (name: string): string => readFileSync(join(import.meta.dirname, `../delivery/tls/${name}.pem`), 'utf8')
const [ca, cert, key, server] = [pem('ca'), pem('client'), pem('client.key'), pem('server')]
const junk = '-----BEGIN CERTIFICATE-----\nc2VjcmV0IHRleHQ=\n-----END CERTIFICATE-----\n'

let dir = ''
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), 'audit-config-'))))
afterAll(() => rmSync(dir, { recursive: true }))

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}

function tlsOf(tls: object, env: Record<string, string> = {}): CollectorTls | undefined {
  const { collector } = resolveConfig({ collector: { tls } }, { AUDIT_COLLECTOR_URL: 'https://c', ...env })
  return collector === false ? undefined : collector.tls
}

/** The message, after a look that nothing a file of `secrets` holds is in the error. */
function refusal(tls: object, secrets: readonly string[] = [], env: Record<string, string> = {}): string {
  try {
    tlsOf(tls, env)
  } catch (error) {
    if (!isAuditError(error) || error.code !== 'bad_config') throw error
    const whole = inspect(error, { depth: null, showHidden: true })
    for (const line of secrets.flatMap((text) => text.split('\n'))) {
      if (line !== '' && !line.startsWith('-----')) expect(whole).not.toContain(line)
    }
    return error.message
  }
  throw new Error('expected bad_config')
}

/** Of PKCS #8, or with a header of its own as OpenSSL once wrote it. */
function encryptedKey(type: 'pkcs8' | 'sec1'): string {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  }).privateKey
}

describe('certificates that are taken', () => {
  it('are read at start', () => {
    const tls = { caFile: file('ca', ca), certFile: file('cert', cert), keyFile: file('key', key) }
    expect(tlsOf(tls)).toEqual({ ca, cert, key })
    expect(tlsOf({ caFile: file('ca', ca) })).toEqual({ ca })
  })

  it('may stand among text, in one file, in a chain, and without a newline between them', () => {
    const all = file('all', `\uFEFFBag Attributes\n${cert.trimEnd()}${ca}\nKey\n${key}`)
    const tls = tlsOf({ certFile: all, keyFile: all })
    expect(tls?.key).toBe(key)
    expect(() => createSecureContext({ ...tls })).not.toThrow()
    expect(tls?.cert?.match(/^-----(?:BEGIN|END) CERTIFICATE-----$/gm)).toHaveLength(4)
  })

  it('OTEL certificates are used only with an OTEL address, and looked at only then', () => {
    const env = { OTEL_EXPORTER_OTLP_CERTIFICATE: file('ca', ca) }
    expect(tlsOf({}, env)).toBeUndefined()
    for (const name of ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY']) {
      expect(tlsOf({}, { [`OTEL_EXPORTER_OTLP_${name}`]: join(dir, 'absent') })).toBeUndefined()
    }
    const otel = { AUDIT_COLLECTOR_URL: '', OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c' }
    expect(tlsOf({}, { ...env, ...otel })).toEqual({ ca })
    const damaged = { ...otel, OTEL_EXPORTER_OTLP_CERTIFICATE: file('junk', junk) }
    expect(refusal({}, [junk], damaged)).toMatch(/^OTEL_EXPORTER_OTLP_CERTIFICATE: ".*junk": certificate 1 of 1/)
  })
})

describe('certificates that are refused', () => {
  it('an unreadable file, one that is no PEM, and half a pair', () => {
    expect(refusal({ caFile: join(dir, 'absent') })).toMatch(
      /^collector\.tls\.caFile: ".*absent" cannot be read: ENOENT/,
    )
    expect(refusal({ caFile: file('text', 'nothing') }, ['nothing'])).toContain('text" is not a PEM file')
    expect(refusal({ certFile: file('cert', cert) })).toContain('go together')
    expect(refusal({ keyFile: file('key', key) }, [key])).toContain('go together')
    expect(refusal({ caFile: file('ca', ca) }, [], { AUDIT_COLLECTOR_URL: 'http://c' })).toContain('use https:')
  })

  it.each([
    ['PEM in name only', junk, 'certificate 1 of 1 is damaged'],
    ['cut off', ca.slice(0, 300), 'certificate 1 of 1 is damaged'],
    ['with one that is damaged behind a good one', ca + junk, 'certificate 2 of 2 is damaged'],
    ['a request', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n', 'no certificate'],
    ['a private key', key, 'holds a private key'],
    ['a certificate with its private key', ca + key, 'holds a private key'],
  ])('an authority that is %s', (_, text, why) => {
    const path = file('given', text)
    const message = refusal({ caFile: path }, [text])
    expect(message).toContain(`collector.tls.caFile: ${JSON.stringify(path)}`)
    expect(message).toContain(why)
    expect(refusal({}, [text], { AUDIT_COLLECTOR_TLS_CA_FILE: path })).toContain(
      `AUDIT_COLLECTOR_TLS_CA_FILE: "${path}`,
    )
  })

  it.each([
    ['certificate that is damaged', junk, key, 'collector.tls.certFile: "', 'certificate 1 of 1 is damaged'],
    ['chain that is damaged', cert + junk, key, 'collector.tls.certFile: "', 'certificate 2 of 2 is damaged'],
    ['certificate that is a key', key, key, 'collector.tls.certFile: "', 'holds no certificate'],
    ['key that is a certificate', cert, cert, 'collector.tls.keyFile: "', 'holds no private key'],
    ['key that is cut off', cert, key.slice(0, 90), 'collector.tls.keyFile: "', 'the private key is damaged'],
    ['key that is encrypted', cert, encryptedKey('pkcs8'), 'collector.tls.keyFile: "', 'is encrypted, and there is no'],
    ['key that is encrypted, old style', cert, encryptedKey('sec1'), 'collector.tls.keyFile: "', 'is encrypted'],
    ['key of another certificate', server, key, 'collector.tls.keyFile: "', 'does not belong to the first certificate'],
    [
      'chain the wrong way round',
      ca + cert,
      key,
      'collector.tls.keyFile: "',
      'does not belong to the first certificate',
    ],
  ])('a client’s %s', (_, certText, keyText, where, why) => {
    const message = refusal({ certFile: file('c', certText), keyFile: file('k', keyText) }, [certText, keyText])
    expect(message.startsWith(`${where}${dir}`)).toBe(true)
    expect(message).toContain(why)
  })
})
