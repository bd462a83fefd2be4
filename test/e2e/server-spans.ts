import { readFileSync } from 'node:fs'

export interface ServerSpan {
  readonly traceId: string
  readonly spanId: string
  /** Of the request. */
  readonly path: string | undefined
  /** The Resource's `service.instance.id`. */
  readonly instance: string | undefined
}

type Attributes = readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[]

interface TracesRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes }
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string
        readonly spanId: string
        readonly kind: number
        readonly attributes: Attributes
      }[]
    }[]
  }[]
}

const serverKind = 2

const textOf = (attributes: Attributes, name: string): string | undefined =>
  attributes.find(({ key }) => key === name)?.value.stringValue

/** The HTTP servers' spans in what a Collector's file exporter wrote. */
export function serverSpans(file: string): ServerSpan[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return lines.flatMap((line) =>
    (JSON.parse(line) as TracesRequest).resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans
        .flatMap(({ spans }) => spans)
        .filter(({ kind }) => kind === serverKind)
        .map(({ traceId, spanId, attributes }) => {
          const path = textOf(attributes, 'url.path') ?? textOf(attributes, 'http.target')
          return { traceId, spanId, path, instance: textOf(resource.attributes, 'service.instance.id') }
        }),
    ),
  )
}
