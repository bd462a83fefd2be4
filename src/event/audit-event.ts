import type { Attributes } from '@opentelemetry/api'

export type AuditOutcome = 'success' | 'failure' | 'unknown'
export type AuditActorType = 'user' | 'service' | 'system'
export type AuditSourceType = 'ipv4' | 'ipv6' | 'hostname'

/** What callers give. `null` and `undefined` both mean absent. */
export interface AuditEventInput {
  /** Who acted. Non-empty; numbers and bigints become decimal strings (`audit.actor.id`). */
  adminUserId: string | number | bigint
  /** What was done, such as `create_store` (`audit.action`). */
  action: string
  /** What kind of thing it was done to, such as `store` (`audit.target.type`). */
  targetType: string
  /** Which one (`audit.target.id`). */
  targetId: string | number | bigint
  /** Further context, nested as deep as the caller likes; becomes the record's Body. */
  details?: object | null | undefined
  ipAddress?: string | null | undefined
  userAgent?: string | null | undefined
  requestId?: string | null | undefined
  /** Default `success`: the event says that an action was performed. */
  outcome?: AuditOutcome | null | undefined
  /** Default `user`. */
  actorType?: AuditActorType | null | undefined
  actorName?: string | null | undefined
  targetName?: string | null | undefined
  /** Overrides the event name that is derived from `targetType` and `action` (rule R2). */
  eventName?: string | null | undefined
  /** When it happened; default: the moment of the call. */
  occurredAt?: Date | null | undefined
  /** A UUID, the same on every retry of the same event; default: a new UUID v4 (rule R3). */
  recordId?: string | null | undefined
  /** Semantic-convention or own keys such as `tenant.id`; keys under `audit.` are refused. */
  attributes?: Attributes | null | undefined
}

/** What providers get: the same event, complete, normalised, redacted and frozen. */
export interface AuditEvent {
  readonly recordId: string
  readonly eventName: string
  readonly adminUserId: string
  readonly actorType: AuditActorType
  readonly actorName?: string
  readonly action: string
  readonly outcome: AuditOutcome
  readonly targetType: string
  readonly targetId: string
  readonly targetName?: string
  /** Normalised and redacted; `{}` when the caller gave none. */
  readonly details: Readonly<Record<string, unknown>>
  readonly ipAddress?: string
  readonly sourceType?: AuditSourceType
  readonly userAgent?: string
  readonly requestId?: string
  readonly occurredAt: Date
  /** When the logger saw it; `occurredAt <= observedAt` (rule R1). */
  readonly observedAt: Date
  readonly attributes: Readonly<Record<string, unknown>>
  /** JSON pointers into `details` of values that could not be kept as they were (`audit.details.altered`). */
  readonly detailsAltered: readonly string[]
  /** JSON pointers into `details` of values that were redacted (`audit.details.redacted`). */
  readonly detailsRedacted: readonly string[]
}
