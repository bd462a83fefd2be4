import { randomUUID } from 'node:crypto'
import { AuditError } from '../errors.ts'
import type { AuditActorType, AuditEvent, AuditOutcome } from './audit-event.ts'
import { claimOnly, eventAttributes, noAttributes } from './event-attributes.ts'
import { eventDetails, noDetails } from './event-details.ts'
import { oneOf, optionalText, readFields, requiredId, requiredText, type RawFields } from './event-fields.ts'
import { checkEventName, eventNameOf } from './event-name.ts'
import { eventTime, type EventTime } from './event-time.ts'
import { FaithfulCopy } from './faithful-copy.ts'
import { invalidEvent } from './invalid-event.ts'
import { describeThrown } from './markers.ts'
import { normalUuid } from './record-id.ts'
import { takeExtent, withinLimit, workFactor } from './record-limit.ts'
import { KeyVerdicts, type RedactOptions } from './redaction.ts'
import { sourceAddress } from './source-address.ts'

export interface EventPreparerSettings {
  /** More key names to redact besides `defaultRedactKeys`, or `false` for no redaction. */
  readonly redact?: RedactOptions | false
  /**
   * The most that one event may bring to its record, as OTLP/JSON text, about: details, attributes and fields. The names
   * and ids of the record itself come on top, some 1.5 kB. Default 1,048,576 (1 MiB).
   */
  readonly maxRecordBytes?: number
  /** The clock, in ms since the epoch. */
  readonly now?: () => number
  readonly newId?: () => string
  /** Told of a time that was clamped or lies far back (rule P12). */
  readonly warn?: (message: string) => void
}

/** Makes an {@link AuditEvent} of whatever the caller gave. @throws AuditError `invalid_event`, nothing else */
export type EventPreparer = (input: unknown) => AuditEvent

const outcomes: readonly AuditOutcome[] = ['success', 'failure', 'unknown']
const actorTypes: readonly AuditActorType[] = ['user', 'service', 'system']
const unknownActor = " (rule R7: for an actor that is not known pass 'anonymous' or 'unknown')"
const wholeDetails: readonly string[] = Object.freeze([''])

/**
 * Makes the function that turns inputs into complete, normalised, redacted and frozen events. It is synchronous, reads
 * every field of an input once, and takes what is hostile in it (getters that throw, proxies, cycles, depth) without
 * failing.
 *
 * Over `maxRecordBytes` the details give way to `{ bytes, sha256 }` of their redacted JSON text, `detailsAltered` says
 * `''`; if the record is still too large, the attributes follow as `attributes: { bytes, sha256 }` beside them. Texts of
 * optional fields are cut at 8,192 characters and say so; mandatory ones beyond that are refused.
 *
 * @throws AuditError `bad_config` for a limit that is no positive number, or a key to redact that is no text
 */
export function createEventPreparer(settings: EventPreparerSettings = {}): EventPreparer {
  const preparer = new EventPreparation(settings)
  return (input) => preparer.prepare(input)
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

class EventPreparation {
  readonly #verdicts: KeyVerdicts
  readonly #maxRecordBytes: number
  readonly #now: () => number
  readonly #newId: () => string
  readonly #warn: (message: string) => void
  /** Reused from event to event; taken while in use, because a getter in an input may itself log. */
  #idle: FaithfulCopy | undefined

  constructor(settings: EventPreparerSettings) {
    this.#verdicts = new KeyVerdicts(settings.redact)
    this.#maxRecordBytes = settings.maxRecordBytes ?? 1_048_576
    if (!(this.#maxRecordBytes > 0)) {
      throw new AuditError(
        'bad_config',
        `maxRecordBytes is ${this.#maxRecordBytes}; expected a positive number of bytes.`,
      )
    }
    this.#now = settings.now ?? Date.now
    this.#newId = settings.newId ?? randomUUID
    this.#warn = settings.warn ?? (() => undefined)
  }

  prepare(input: unknown): AuditEvent {
    const copy = this.#idle ?? new FaithfulCopy(this.#verdicts, this.#maxRecordBytes * workFactor)
    this.#idle = undefined
    try {
      return this.#event(readFields(input), copy)
    } catch (cause) {
      if (cause instanceof AuditError) throw cause
      throw new AuditError('invalid_event', `Audit event refused: reading it failed (${describeThrown(cause)}).`, {
        cause,
      })
    } finally {
      copy.reset()
      this.#idle = copy
    }
  }

  #event(raw: RawFields, copy: FaithfulCopy): AuditEvent {
    const observed = this.#now()
    const adminUserId = requiredId('adminUserId', raw.adminUserId, unknownActor)
    const action = requiredText('action', raw.action, ", such as 'create_store'")
    const targetType = requiredText('targetType', raw.targetType, ", such as 'store'")
    const targetId = requiredId('targetId', raw.targetId)
    const ownName = optionalText('eventName', raw.eventName)
    const time = this.#time(raw.occurredAt, observed)
    const event: Mutable<AuditEvent> = {
      recordId: this.#recordId(raw.recordId),
      eventName: ownName === undefined ? eventNameOf(targetType, action) : checkEventName(ownName),
      adminUserId,
      actorType: oneOf('actorType', raw.actorType, actorTypes, 'user'),
      action,
      outcome: oneOf('outcome', raw.outcome, outcomes, 'success'),
      targetType,
      targetId,
      details: noDetails.details,
      occurredAt: new Date(time.occurred),
      observedAt: new Date(observed),
      attributes: noAttributes,
      detailsAltered: noDetails.altered,
      detailsRedacted: noDetails.redacted,
    }
    setOptionalFields(event, raw)
    this.#setContent(event, raw, copy, time.claimed)
    return Object.freeze(event)
  }

  #recordId(given: unknown): string {
    const text = optionalText('recordId', given)
    if (text === undefined) return this.#newId()
    const id = normalUuid(text)
    if (id === undefined) throw invalidEvent('recordId', given, 'a UUID (recordIdFrom makes one of any parts)')
    return id
  }

  #time(occurredAt: unknown, observed: number): EventTime {
    if (occurredAt === undefined || occurredAt === null) return { occurred: observed, claimed: undefined }
    return eventTime(occurredAt, observed, this.#warn)
  }

  #setContent(event: Mutable<AuditEvent>, raw: RawFields, copy: FaithfulCopy, claimed: string | undefined): void {
    const { details, altered, redacted } = eventDetails(raw.details, copy)
    const inDetails = takeExtent(copy)
    const attributes = eventAttributes(raw.attributes, copy, this.#verdicts, claimed)
    checkUserAgent(event, attributes)
    const inAttributes = takeExtent(copy)
    const content = {
      details,
      attributes,
      bytes: inDetails.bytes + inAttributes.bytes,
      units: inDetails.units + inAttributes.units,
      fieldUnits: fieldUnits(event),
      detailsComplete: inDetails.complete,
      attributesComplete: inAttributes.complete,
    }
    const kept = withinLimit(content, this.#maxRecordBytes)
    event.details = kept.details
    event.attributes = kept.attributes === attributes ? attributes : claimOnly(claimed)
    event.detailsAltered = kept === content ? altered : wholeDetails
    event.detailsRedacted = redacted
  }
}

function setOptionalFields(event: Mutable<AuditEvent>, raw: RawFields): void {
  const ipAddress = optionalText('ipAddress', raw.ipAddress)
  if (ipAddress !== undefined) {
    const source = sourceAddress(ipAddress)
    if (source.ipAddress !== '') {
      event.ipAddress = source.ipAddress
      event.sourceType = source.sourceType
    }
  }
  const userAgent = optionalText('userAgent', raw.userAgent)
  if (userAgent !== undefined) event.userAgent = userAgent
  const requestId = optionalText('requestId', raw.requestId)
  if (requestId !== undefined) event.requestId = requestId
  const actorName = optionalText('actorName', raw.actorName)
  if (actorName !== undefined) event.actorName = actorName
  const targetName = optionalText('targetName', raw.targetName)
  if (targetName !== undefined) event.targetName = targetName
}

/** `user_agent.original` is the field's place: two different values for it would cost one of them. */
function checkUserAgent(event: AuditEvent, attributes: AuditEvent['attributes']): void {
  if (event.userAgent === undefined) return
  const attribute = attributes['user_agent.original']
  if (attribute === undefined || attribute === event.userAgent) return
  throw invalidEvent("attributes['user_agent.original']", attribute, 'the same as userAgent, or only one of the two')
}

function fieldUnits(event: AuditEvent): number {
  const { ipAddress, userAgent, requestId, actorName, targetName } = event
  const optional = (ipAddress?.length ?? 0) + (userAgent?.length ?? 0) + (requestId?.length ?? 0)
  const names = (actorName?.length ?? 0) + (targetName?.length ?? 0) + 2 * event.eventName.length
  return (
    optional + names + event.adminUserId.length + event.action.length + event.targetType.length + event.targetId.length
  )
}
