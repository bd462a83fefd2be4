import { AuditError } from '../errors.ts'

const cachedNames = 1024
const cachedLength = 128
let names = new Map<string, Map<string, string>>()
let nameCount = 0

/** Lower case, other characters than `[a-z0-9_.]` become `_`, runs are collapsed, ends trimmed. */
function nameText(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_.]/g, '_')
    .replace(/_+/g, '_')
    .replace(/\.+/g, '.')
    .replace(/^[_.]+|[_.]+$/g, '')
}

function buildName(targetType: string, action: string): string {
  const target = nameText(targetType)
  let rest = nameText(action)
  if (target !== '') {
    if (rest.startsWith(`${target}.`)) rest = rest.slice(target.length + 1)
    else if (rest.endsWith(`_${target}`)) rest = rest.slice(0, -target.length - 1)
  }
  return nameText(`admin.${target}.${rest}`)
}

/**
 * The event name of an action (rule R2): `admin.<targetType>.<rest>`, where `rest` is the action without a prefix
 * `<targetType>.` or a suffix `_<targetType>`. `create_store` and `store.create` on a `store` are both
 * `admin.store.create`. Letters are compared without regard to case.
 */
export function eventNameOf(targetType: string, action: string): string {
  let byAction = names.get(targetType)
  const known = byAction?.get(action)
  if (known !== undefined) return known
  const name = buildName(targetType, action)
  if (targetType.length > cachedLength || action.length > cachedLength) return name
  if (nameCount >= cachedNames) {
    names = new Map()
    nameCount = 0
    byAction = undefined
  }
  if (byAction === undefined) names.set(targetType, (byAction = new Map<string, string>()))
  byAction.set(action, name)
  nameCount++
  return name
}

const ownName = /^[^\s.\p{C}]+(?:\.[^\s.\p{C}]+)+$/u
const ownNameLength = 256

/**
 * Checks an event name that the caller chose: at least two non-empty parts with dots between, no white space, at most
 * 256 characters (rule R2).
 *
 * @throws AuditError `invalid_event`
 */
export function checkEventName(name: string): string {
  if (name.length <= ownNameLength && ownName.test(name)) return name
  const found = JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name)
  throw new AuditError(
    'invalid_event',
    `Audit event refused: eventName is ${found}; expected at least two parts separated by dots and without white ` +
      `space, such as 'admin.store.create', of at most ${ownNameLength} characters. Leave it out to have it derived.`,
  )
}
