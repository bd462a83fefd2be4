import { AuditError } from '../errors.ts'
import { found } from './invalid-event.ts'

/** What stands in place of a redacted value. */
export const redactedValue = '[REDACTED]'

/**
 * Names of secrets that are redacted by default, as they are compared: lower case, without `_`, `-`, `.` and spaces.
 *
 * A key matches when it equals an entry or ends with one: `newPassword`, `stripe_api_key` and `X-Auth-Token` do,
 * `tokenCount` does not. An entry of up to four letters has to be the key's whole last word: `smtpPass` and `card_pin`
 * match, `compass` and `shipping` do not.
 */
export const defaultRedactKeys: readonly string[] = Object.freeze([
  'password',
  'passwords',
  'passwordhash',
  'passwordsalt',
  'passwordconfirmation',
  'passwordconfirm',
  'passwordrepeat',
  'passwordold',
  'passwordnew',
  'passwd',
  'passphrase',
  'passcode',
  'pwd',
  'dbpwd',
  'userpwd',
  'pass',
  'dbpass',
  'userpass',
  'pin',
  'pincode',
  'secret',
  'secrets',
  'secretvalue',
  'token',
  'tokens',
  'tokenvalue',
  'tokenhash',
  'bearer',
  'csrf',
  'xsrf',
  'jwt',
  'otp',
  'otpcode',
  'totp',
  'mfacode',
  'recoverycode',
  'recoverycodes',
  'backupcodes',
  'authorization',
  'cookie',
  'cookies',
  'apikey',
  'apikeys',
  'privatekey',
  'privatekeys',
  'secretkey',
  'accesskey',
  'secretaccesskey',
  'signingkey',
  'encryptionkey',
  'masterkey',
  'sessionkey',
  'sharedkey',
  'hmackey',
  'sshkey',
  'credential',
  'credentials',
  'connectionstring',
  'cardnumber',
  'creditcard',
  'cvv',
  'cvc',
  'securitycode',
  'ssn',
  'socialsecuritynumber',
])

/** Which values are redacted; in place of it `false` switches redaction off. */
export interface RedactOptions {
  /** Key names besides the default list; compared in the same way. */
  readonly keys?: readonly string[]
  /** `true`: `keys` stands in place of the default list. Default `false`. */
  readonly replaceDefaults?: boolean
}

/** What is to be done with a property, by its key alone. */
export type KeyVerdict = 'keep' | 'redact' | 'awkward'

const wholeWordLength = 4
/** Only short entries are compared with the last word, so the end of the key is enough. */
const wordWindow = 64
const cachedKeys = 4096
const cachedKeyLength = 64

function comparable(key: string): string {
  return key.replace(/[_\-.\s]/g, '').toLowerCase()
}

function checkedEntry(key: unknown): string {
  const entry = typeof key === 'string' ? comparable(key) : ''
  if (entry === '') {
    throw new AuditError('bad_config', `redact.keys holds ${found(key)}; expected names of keys, such as 'iban'.`)
  }
  return entry
}

/** The last word of `smtpPass`, `SMTPPass`, `SMTP_PASS` or `smtp.pass`: `pass`. */
function lastWord(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
  return (/[^_\-.\s]+(?=[_\-.\s]*$)/.exec(words.slice(-wordWindow))?.[0] ?? '').toLowerCase()
}

/** Decides by key names, with a bounded memory of its verdicts: a service uses the same keys again and again. */
export class KeyVerdicts {
  /** The entries by their last character. */
  readonly #entries = new Map<string, string[]>()
  #known = new Map<string, KeyVerdict>()

  /** @throws AuditError `bad_config` for a key that is no text or has neither letter nor digit */
  constructor(redact: RedactOptions | false = {}) {
    const own = redact === false ? [] : (redact.keys ?? [])
    const defaults = redact === false || redact.replaceDefaults === true ? [] : defaultRedactKeys
    for (const entry of new Set([...defaults, ...own.map(checkedEntry)])) {
      const last = entry.slice(-1)
      this.#entries.set(last, [...(this.#entries.get(last) ?? []), entry])
    }
  }

  /** `awkward`: a key that is no well-formed text, or `__proto__`, and is not a secret's: it needs care when written. */
  of(key: string): KeyVerdict {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const verdict = this.#decide(key)
    if (key.length <= cachedKeyLength) {
      if (this.#known.size >= cachedKeys) this.#known = new Map()
      this.#known.set(key, verdict)
    }
    return verdict
  }

  /** True when the value under `key` is a secret by the key's name. */
  isSecret(key: string): boolean {
    const text = comparable(key)
    for (const entry of this.#entries.get(text.slice(-1)) ?? []) {
      if (text.endsWith(entry) && (entry.length > wholeWordLength || text === entry || lastWord(key) === entry))
        return true
    }
    return false
  }

  #decide(key: string): KeyVerdict {
    if (key === '__proto__' || !key.isWellFormed()) return 'awkward'
    return this.isSecret(key) ? 'redact' : 'keep'
  }
}
