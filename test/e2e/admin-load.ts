import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

interface AdminRequest {
  readonly as: string
  readonly method: string
  readonly path: string
  readonly body?: object
  /** The only answers that are right. */
  readonly status: number
  readonly outcome: 'success' | 'failure'
  readonly eventName: string
}

/** In every change of a setting, under a name that is redacted. */
export const secret = 'hunter2-of-the-load'

/** The n-th request: what an administration does, refusals included. Each one leaves a record. */
function nth(n: number): AdminRequest {
  const store = { name: `Store ${String(n)}`, currency: 'EUR' }
  switch (n % 5) {
    case 0:
      return { ...post('mara', '/stores', store), status: 201, outcome: 'success', eventName: 'admin.store.create' }
    case 1:
      return { ...post('sam', '/stores', store), status: 403, outcome: 'failure', eventName: 'admin.store.create' }
    case 2:
      return {
        ...post('alice', '/stores/9999999/close'),
        status: 404,
        outcome: 'failure',
        eventName: 'admin.store.close',
      }
    case 3: {
      const user = { id: `user-${String(n)}`, email: `${String(n)}@example.com`, role: 'support' }
      return { ...post('alice', '/users', user), status: 201, outcome: 'success', eventName: 'admin.user.invite' }
    }
    default: {
      const put = {
        as: 'mara',
        method: 'PUT',
        path: `/settings/key${String(n % 7)}`,
        body: { value: { n, token: secret } },
      }
      return { ...put, status: 200, outcome: 'success', eventName: 'admin.setting.update' }
    }
  }
}

const post = (as: string, path: string, body?: object) => ({ as, method: 'POST', path, ...(body && { body }) })

export interface Answered extends AdminRequest {
  readonly requestId: string
}

export interface AdminLoad {
  /** Requests that got their whole answer, by request ID: whatever is killed, the record of each must exist. */
  readonly answered: ReadonlyMap<string, Answered>
  /** Answers other than the only right one, and changes whose record was not confirmed. */
  readonly wrong: readonly string[]
  /** How many requests got no answer. */
  readonly unanswered: () => number
  /** Resolves when so many further requests were answered. */
  more(count: number): Promise<void>
  end(): Promise<void>
}

/** Clients that send one request after another until `end`. One that finds the service gone goes on with the next. */
export function startAdminLoad(url: string, { clients = 8, pauseMillis = 15 } = {}): AdminLoad {
  const answered = new Map<string, Answered>()
  const wrong: string[] = []
  let unanswered = 0
  let next = 0
  let over = false

  const sendOne = async (): Promise<boolean> => {
    const request = nth(next++)
    const requestId = `req-${randomUUID()}`
    const headers = {
      'x-admin-user': request.as,
      'x-request-id': requestId,
      ...(request.body && { 'content-type': 'application/json' }),
    }
    const body = request.body && JSON.stringify(request.body)
    let answer: { status: number; text: string }
    try {
      const response = await fetch(url + request.path, { method: request.method, headers, ...(body && { body }) })
      answer = { status: response.status, text: await response.text() }
    } catch {
      unanswered++
      return false
    }
    answered.set(requestId, { ...request, requestId })
    if (answer.status !== request.status || answer.text.includes('"recorded":false')) {
      wrong.push(`${request.method} ${request.path}: ${String(answer.status)} ${answer.text}`)
    }
    return true
  }
  const client = async (): Promise<void> => {
    while (!over) await sleep((await sendOne()) ? pauseMillis : 100)
  }
  const running = Array.from({ length: clients }, client)
  return {
    answered,
    wrong,
    unanswered: () => unanswered,
    async more(count) {
      const wanted = answered.size + count
      for (const deadline = Date.now() + 30_000; answered.size < wanted;) {
        if (Date.now() > deadline)
          throw new Error(`only ${String(answered.size)} requests were answered\n${wrong.join('\n')}`)
        await sleep(5)
      }
    },
    async end() {
      over = true
      await Promise.all(running)
    },
  }
}
