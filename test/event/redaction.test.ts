import { describe, expect, it } from 'vitest'
import { defaultRedactKeys, KeyVerdicts } from '../../src/event/redaction.ts'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import { minimal, withDetails } from './event-samples.ts'

const verdicts = new KeyVerdicts()

describe('the default list', () => {
  it.each([
    ...['password', 'PASSWORD', 'newPassword', 'new_password', 'db-password', 'dbpassword', 'user.password', 'passwd'],
    ...['token', 'accessToken', 'refresh_token', 'X-CSRF-Token', 'secret', 'client_secret', 'Authorization'],
    ...['proxy-authorization', 'cookie', 'Set-Cookie', 'api key', 'apiKey', 'API_KEY', 'stripe_api_key', 'X-API-Key'],
    ...[
      'private_key',
      'privateKey',
      'AWS_SECRET_ACCESS_KEY',
      'passphrase',
      'credentials',
      'pwd',
      'smtpPass',
      'SMTPPass',
    ],
    ...[
      'SMTP_PASS',
      'card_pin',
      'cardNumber',
      'cvv',
      'passwordHash',
      'password_confirmation',
      'tokenHash',
      'csrf',
      'Bearer',
      'http.request.header.authorization',
      'pass_',
    ],
  ])('takes %s for a secret', (key) => {
    expect(verdicts.isSecret(key)).toBe(true)
  })

  it.each([
    ...['tokenCount', 'passwordChangedAt', 'compass', 'bypass', 'shipping', 'author', 'secretary', 'cookieConsentAt'],
    ...['name', 'key', 'id', 'COMPASS', 'spin', '', 'monkey', 'apiKeyId', 'bearerCount', '密码'],
  ])('does not take %s for one', (key) => {
    expect(verdicts.isSecret(key)).toBe(false)
  })

  it('is frozen, and written as keys are compared', () => {
    expect(Object.isFrozen(defaultRedactKeys)).toBe(true)
    for (const key of defaultRedactKeys) expect(key).toMatch(/^[a-z]+$/)
  })
})

describe('redaction', () => {
  it('works at any depth, in arrays, Maps, instances, errors, and for any kind of value', () => {
    class Login {
      readonly password = { deep: 'hunter2' }
      readonly user = 'ada'
    }
    const error = Object.assign(new Error('x'), { token: 'hunter2' })
    const event = withDetails({
      list: [{ secret: ['hunter2'] }],
      map: new Map<unknown, unknown>([
        ['Cookie', 'hunter2'],
        ['a', new Map([['api_key', 7]])],
      ]),
      login: new Login(),
      error,
      token: undefined,
      [`password\ud800`]: 1,
    })
    expect(event.details).toEqual({
      list: [{ secret: '[REDACTED]' }],
      map: { Cookie: '[REDACTED]', a: { api_key: '[REDACTED]' } },
      login: { password: '[REDACTED]', user: 'ada' },
      error: { type: 'Error', message: 'x', token: '[REDACTED]' },
      token: '[REDACTED]',
      'password\ufffd': 1,
    })
    expect(event.detailsRedacted).toEqual([
      '/error/token',
      '/list/0/secret',
      '/login/password',
      '/map/Cookie',
      '/map/a/api_key',
      '/token',
    ])
  })

  it('never runs the getter of a secret', () => {
    let runs = 0
    const counted = {
      get password() {
        return ++runs
      },
    }
    createEventPreparer()({ ...minimal, details: [counted, new Map([['a', counted]])], attributes: counted })
    expect(runs).toBe(0)
  })

  it('covers attributes, by the last part of their name', () => {
    const event = createEventPreparer()({
      ...minimal,
      attributes: { 'db.password': 'x', 'tenant.id': 't', a: { token: 1 } },
    })
    expect(event.attributes).toEqual({ 'db.password': '[REDACTED]', 'tenant.id': 't', a: { token: '[REDACTED]' } })
    expect(event.detailsRedacted).toEqual([])
  })

  it('own keys add to the list, compared in the same way', () => {
    const details = { customerIban: 1, 'I-B_AN': 2, password: 3, ibanCount: 4 }
    expect(withDetails(details, { redact: { keys: ['iban'] } }).details).toEqual({
      customerIban: '[REDACTED]',
      'I-B_AN': '[REDACTED]',
      password: '[REDACTED]',
      ibanCount: 4,
    })
    expect(withDetails({ TaxNumber: 1 }, { redact: { keys: ['tax_number'] } }).detailsRedacted).toEqual(['/TaxNumber'])
  })

  it('own keys may replace the list, and false switches redaction off', () => {
    const details = { iban: 1, password: 2 }
    const replaced = withDetails(details, { redact: { keys: ['iban'], replaceDefaults: true } })
    expect(replaced.details).toEqual({ iban: '[REDACTED]', password: 2 })
    const off = withDetails(details, { redact: false })
    expect(off.details).toEqual(details)
    expect(off.detailsRedacted).toEqual([])
  })

  it.each([[''], ['-_'], [7 as never]])('a key %o to redact is bad configuration', (key) => {
    expect(() => createEventPreparer({ redact: { keys: [key] } })).toThrow(
      expect.objectContaining({ code: 'bad_config', message: expect.stringContaining('redact.keys holds ') as string }),
    )
  })

  it('remembers verdicts within bounds', () => {
    const own = new KeyVerdicts()
    for (let i = 0; i < 10_000; i++) expect(own.of(`k${i}`)).toBe('keep')
    expect(own.of('password')).toBe('redact')
    expect(own.of('password')).toBe('redact')
  })
})
