import { defaultCollectorSettings, type CollectorSettings } from '../delivery/collector-settings.ts'
import { collectorTls } from './collector-certificates.ts'
import type { Found, SettingReader } from './setting-reader.ts'
import { badConfig, parsePairs, show } from './setting-value.ts'
import { withoutSecrets } from '../telemetry/without-secrets.ts'

/** Where delivery goes; `false`: nowhere, the journal alone keeps the records. @throws AuditError `bad_config` */
export function collectorConfig(reader: SettingReader): CollectorSettings | false {
  if (!reader.section('collector').value) return false
  const address = reader.find('collector.url')
  const text = address.value as string
  if (address.source !== 'default' && ['none', 'false'].includes(text.toLowerCase())) return false
  if (address.source === 'otel') checkProtocol(reader)
  const url = endpoint(text, address)
  const tls = collectorTls(reader)
  if (tls !== undefined && url.protocol === 'http:') {
    throw badConfig(`collector.tls is set, but ${address.where} is an http: address; use https:`)
  }
  const settings = {
    url: url.href,
    headers: headers(reader),
    timeoutMillis: reader.count('collector.timeoutMillis'),
    compression: reader.text('collector.compression') as CollectorSettings['compression'],
    maxRequestBytes: reader.count('collector.maxRequestBytes'),
    initialBackoffMillis: reader.count('collector.initialBackoffMillis'),
    maxBackoffMillis: reader.count('collector.maxBackoffMillis'),
    pauseMillis: reader.count('collector.pauseMillis'),
  }
  if (settings.maxBackoffMillis < settings.initialBackoffMillis) {
    throw badConfig('collector.maxBackoffMillis must not be less than collector.initialBackoffMillis')
  }
  return tls === undefined ? settings : { ...settings, tls }
}

function endpoint(text: string, { source, where }: Found): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw badConfig(
      `${where} must be an http: or https: address such as http://localhost:4318, not ${show(withoutSecrets(text))}`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw badConfig(`${where} must not carry a user name or password; put them into collector.headers (authorization)`)
  }
  url.hash = ''
  // OpenTelemetry: the address of one signal is taken as it is.
  if (source === 'otel' && where === 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT') return url
  const path = url.pathname.replace(/\/+$/, '')
  const whole = /\/v1\/(?:logs|audit)$/.test(path)
  // Only the base address of OpenTelemetry always gets the signal's path.
  url.pathname = whole && source !== 'otel' ? path : `${path}/v1/logs`
  return url
}

function checkProtocol(reader: SettingReader): void {
  for (const variable of ['OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const protocol = reader.variable(variable)
    if (protocol === undefined) continue
    if (['http/json', 'http/protobuf'].includes(protocol)) return
    throw badConfig(
      `${variable}=${protocol}: audit records are sent by OTLP/HTTP only; point AUDIT_COLLECTOR_URL at the collector's ` +
        'OTLP/HTTP receiver (port 4318)',
    )
  }
}

function headers(reader: SettingReader): CollectorSettings['headers'] {
  const found = reader.find('collector.headers')
  if (found.source !== 'otel') return (found.value ?? defaultCollectorSettings.headers) as CollectorSettings['headers']
  // The signal's own headers go over the general ones, one by one.
  const all: Record<string, string> = {}
  for (const variable of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_LOGS_HEADERS']) {
    const text = reader.variable(variable)
    if (text !== undefined) Object.assign(all, parsePairs(text, variable))
  }
  return all
}
