import { KeyedText } from './keyed-text.ts'
import { KeyPaths } from './key-path.ts'
import { sortKeys } from './sort-keys.ts'
import { jsonString } from './json-string.ts'

/** The OTLP/JSON text of a resource. @throws AuditError `corrupt` for what OTLP has no form for */
export function encodeResource(attributes: Readonly<Record<string, unknown>>): string {
  const text = new KeyedText(new KeyPaths(), '{"attributes":[', '')
  for (const key of sortKeys(Object.keys(attributes))) {
    const value = attributes[key]
    const node = value === undefined ? undefined : text.next(key)
    if (node !== undefined) text.add(node, value, 1)
  }
  text.end(']}', '')
  return text.wire
}

/** The OTLP/JSON text of an instrumentation scope; `{}` without a name and a version. */
export function encodeScope(name: string, version: string | undefined): string {
  const members: string[] = []
  if (name !== '') members.push(`"name":${jsonString(name)}`)
  if (version !== undefined && version !== '') members.push(`"version":${jsonString(version)}`)
  return `{${members.join(',')}}`
}
