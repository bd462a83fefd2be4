import { AuditError } from '../errors.ts'
import { checkKnownOptions, show } from './provider-options.ts'

export type DatabaseDialect = 'postgresql' | 'sqlite'

/** The columns of the audit table, by the names that `columns` may replace. */
export const auditColumns = [
  'id',
  'record_id',
  'admin_user_id',
  'action',
  'target_type',
  'target_id',
  'details',
  'ip_address',
  'user_agent',
  'request_id',
  'trace_id',
  'outcome',
  'created_at',
] as const

export type AuditColumn = (typeof auditColumns)[number]

/** The columns that an insert fills; `id` is the database's. */
export const insertedColumns = auditColumns.filter((column) => column !== 'id')

export interface AuditTableOptions {
  /** Spoken to sessions that do not tell their own. Default: `postgresql`. */
  readonly dialect?: DatabaseDialect
  /** The table, `name` or `schema.name`. Default: `admin_audit_log`. */
  readonly table?: string
  /** Other names for some of the columns, such as `{ admin_user_id: 'actor' }`. */
  readonly columns?: Readonly<Partial<Record<AuditColumn, string>>>
}

/** The names of one audit table, validated. */
export interface AuditTable {
  readonly dialect: DatabaseDialect
  /** As SQL text spells it. */
  readonly table: string
  /** The table's own name, without schema and quotes. */
  readonly baseName: string
  readonly column: (column: AuditColumn) => string
  /** PostgreSQL: the function that inserts, as SQL text spells it. */
  readonly insertFunction: string
  /** True when every name is the default: the shipped SQL file is the one to apply. */
  readonly standard: boolean
}

const standardTable = 'admin_audit_log'
const standardFunction = 'otel_audit_insert'

// An index or function name is made of the table's name; PostgreSQL cuts names at 63 bytes.
const longestName = 63
const longestTable = 44

/** @throws AuditError `bad_config` for a name that is no plain identifier, an unknown column, one name given twice. */
export function auditTable(options: AuditTableOptions, maker: string): AuditTable {
  const { dialect = 'postgresql', table = standardTable, columns = {} } = options
  if (!['postgresql', 'sqlite'].includes(dialect)) {
    throw new AuditError('bad_config', `${maker}: dialect must be "postgresql" or "sqlite", not ${show(dialect)}`)
  }
  checkKnownOptions(columns, auditColumns, `${maker}: columns`)
  const parts = typeof table === 'string' ? table.split('.') : []
  const baseName = parts.at(-1) ?? ''
  if (parts.length > 2 || !parts.every(isIdentifier) || baseName.length > longestTable) {
    throw new AuditError(
      'bad_config',
      `${maker}: table must be "name" or "schema.name" of letters, digits and "_" (a name of at most ${longestTable}), not ${show(table)}`,
    )
  }
  const names = columnNames(columns, maker)
  const schema = parts.length === 2 ? `${quoted(parts[0] ?? '')}.` : ''
  return {
    dialect,
    table: `${schema}${quoted(baseName)}`,
    baseName,
    column: (column) => quoted(names[column]),
    insertFunction: `${schema}${baseName === standardTable ? standardFunction : quoted(`${standardFunction}_${baseName}`)}`,
    standard: table === standardTable && auditColumns.every((column) => names[column] === column),
  }
}

function columnNames(renamed: AuditTableOptions['columns'], maker: string): Record<AuditColumn, string> {
  const names = Object.fromEntries(auditColumns.map((column) => [column, renamed?.[column] ?? column])) as Record<
    AuditColumn,
    string
  >
  const seen = new Set<string>()
  for (const [column, name] of Object.entries(names)) {
    if (!isIdentifier(name)) {
      throw new AuditError(
        'bad_config',
        `${maker}: columns.${column} must be an identifier of letters, digits and "_", not ${show(name)}`,
      )
    }
    // SQLite does not tell "A" from "a".
    if (seen.has(name.toLowerCase())) {
      throw new AuditError('bad_config', `${maker}: two columns are named ${show(name)}`)
    }
    seen.add(name.toLowerCase())
  }
  return names
}

function isIdentifier(name: unknown): boolean {
  return typeof name === 'string' && name.length <= longestName && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}

// The default names are no keywords; others might be.
function quoted(name: string): string {
  const standard: readonly string[] = [standardTable, ...auditColumns]
  return standard.includes(name) ? name : `"${name}"`
}
