import type { DatabaseSync } from 'node:sqlite'
import { conflict, notFound } from './domain-error.ts'

export const roles = ['owner', 'manager', 'support'] as const
export type Role = (typeof roles)[number]

export interface User {
  readonly id: string
  readonly email: string
  readonly role: Role
  readonly active: boolean
}

export class Users {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  list(): User[] {
    const rows = this.#db.prepare('SELECT * FROM users ORDER BY id').all()
    return rows.map(({ id, email, role, active }) => {
      return { id: String(id), email: String(email), role: role as Role, active: active === 1 }
    })
  }

  find(id: string): User | undefined {
    return this.list().find((user) => user.id === id)
  }

  get(id: string): User {
    const user = this.find(id)
    if (user === undefined) throw notFound(`user "${id}"`)
    return user
  }

  invite(id: string, email: string, role: Role): User {
    if (this.list().some((user) => user.id === id || user.email === email)) {
      throw conflict(`user "${id}" or <${email}> is invited already`)
    }
    this.#db.prepare('INSERT INTO users (id, email, role) VALUES (?, ?, ?)').run(id, email, role)
    return this.get(id)
  }

  changeRole(id: string, role: Role): User {
    this.#keepOneOwner(id, role)
    this.#db.prepare('UPDATE users SET role = ? WHERE id = ?').run(role, this.get(id).id)
    return this.get(id)
  }

  deactivate(id: string): User {
    this.#keepOneOwner(id, undefined)
    this.#db.prepare('UPDATE users SET active = 0 WHERE id = ?').run(this.get(id).id)
    return this.get(id)
  }

  #keepOneOwner(id: string, next: Role | undefined): void {
    const owners = this.list().filter((user) => user.role === 'owner' && user.active)
    if (next !== 'owner' && owners.length === 1 && owners[0]?.id === id) throw conflict(`"${id}" is the last owner`)
  }
}
