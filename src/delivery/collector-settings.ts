/** Request headers, or a function that gives them anew for every request (a bearer token that expires). */
export type CollectorHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)

/** Where and how delivery sends; every setting is resolved, nothing is read from the environment here. */
export interface CollectorSettings {
  /** The full address; ends in `/v1/logs` or `/v1/audit` (rule W1). `http:` or `https:`. */
  readonly url: string
  /** Called before each request when a function; a throw, a rejection or a hang is a failed attempt. */
  readonly headers: CollectorHeaders
  /** The whole of one request: headers function, connecting, sending, the complete answer. Default 30,000. */
  readonly timeoutMillis: number
  readonly compression: 'none' | 'gzip'
  /** Lines are coalesced into requests of about this size before compression. Default 1 MiB. */
  readonly maxRequestBytes: number
  /** PEM texts (rule W3); the server's certificate is always verified, TLS 1.2 is the least. */
  readonly tls?: CollectorTls
  /** First wait after a failed attempt; it doubles up to `maxBackoffMillis`. Default 1,000. */
  readonly initialBackoffMillis: number
  /** Default 60,000. */
  readonly maxBackoffMillis: number
  /** Between attempts while the endpoint itself is at fault (401, 403, 404, a redirect …). Default 30,000. */
  readonly pauseMillis: number
}

export interface CollectorTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** The defaults of everything but the address. */
export const defaultCollectorSettings = {
  headers: {},
  timeoutMillis: 30_000,
  compression: 'none',
  maxRequestBytes: 1_048_576,
  initialBackoffMillis: 1_000,
  maxBackoffMillis: 60_000,
  pauseMillis: 30_000,
} as const satisfies Omit<CollectorSettings, 'url'>
