import {
  auditColumns,
  auditTable,
  insertedColumns,
  type AuditColumn,
  type AuditTable,
  type AuditTableOptions,
} from './audit-table.ts'
import { checkKnownOptions } from './provider-options.ts'

/**
 * The SQL that an audit table needs, ready to be applied (again and again: it creates only what is not there, and
 * replaces the function). `sql/postgresql.sql` and `sql/sqlite.sql` of this package are the text for the default names.
 *
 * @throws AuditError `bad_config` for anything but plain identifiers.
 */
export function sqlFor(options: AuditTableOptions = {}): string {
  checkKnownOptions(options, ['dialect', 'table', 'columns'], 'sqlFor')
  const table = auditTable(options, 'sqlFor')
  return table.dialect === 'postgresql' ? postgresql(table) : sqlite(table)
}

type ColumnTypes = Readonly<Record<AuditColumn, string>>

const postgresqlTypes: ColumnTypes = {
  id: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  record_id: 'uuid NOT NULL',
  admin_user_id: 'text NOT NULL',
  action: 'text NOT NULL',
  target_type: 'text NOT NULL',
  target_id: 'text NOT NULL',
  details: "jsonb NOT NULL DEFAULT '{}'",
  ip_address: 'text',
  user_agent: 'text',
  request_id: 'text',
  trace_id: 'text',
  outcome: 'text NOT NULL',
  created_at: 'timestamptz(3) NOT NULL',
}

const sqliteTypes: ColumnTypes = {
  ...postgresqlTypes,
  id: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  record_id: 'text NOT NULL',
  details: "text NOT NULL DEFAULT '{}' CHECK (json_valid(%))",
  created_at: 'text NOT NULL',
}

function postgresql(table: AuditTable): string {
  const casts: Partial<Record<AuditColumn, string>> = { record_id: '::uuid', created_at: '::timestamptz' }
  const values = insertedColumns.map((column) =>
    column === 'details' ? "coalesce(entry->'details', '{}')" : value(column, casts[column]),
  )
  return `-- otel-audit: the audit table for PostgreSQL 12 or later. Safe to apply again.

${tableAndIndexes(table, postgresqlTypes)}
-- One audit row in ONE statement: SELECT ${table.insertFunction}($1::jsonb). The EXCEPTION block is the savepoint, so a row
-- that cannot be written costs the caller's transaction nothing. Returns NULL, or "SQLSTATE message" of what went wrong.
-- lock_timeout: a locked audit table must not hold up the caller's own statements for longer.
CREATE OR REPLACE FUNCTION ${table.insertFunction}(entry jsonb) RETURNS text
LANGUAGE plpgsql
SET lock_timeout = '1500ms'
AS $otel_audit$
BEGIN
  -- Some drivers encode a jsonb parameter that is text once more.
  IF jsonb_typeof(entry) = 'string' THEN
    entry := (entry #>> '{}')::jsonb;
  END IF;
  INSERT INTO ${table.table} (
    ${insertedColumns.map(table.column).join(',\n    ')}
  ) VALUES (
    ${values.join(',\n    ')}
  );
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$otel_audit$;
`
}

function sqlite(table: AuditTable): string {
  return `-- otel-audit: the audit table for SQLite. Safe to apply again.
-- created_at is ISO 8601 in UTC with milliseconds, so that text order is time order.

${tableAndIndexes(table, sqliteTypes)}`
}

function tableAndIndexes(table: AuditTable, types: ColumnTypes): string {
  const columns = auditColumns.map(
    (column) => `  ${table.column(column)} ${types[column].replace('%', table.column(column))}`,
  )
  // record_id is not unique: a record that is logged again after a restart is a second row, not an error.
  const indexes = (['record_id', 'request_id', 'created_at'] as const).map((column) => index(table, column))
  return `CREATE TABLE IF NOT EXISTS ${table.table} (\n${columns.join(',\n')}\n);\n${indexes.join('')}`
}

function index(table: AuditTable, column: AuditColumn): string {
  const name = `"${table.baseName}_${column}"`
  // SQLite wants the schema before the index, PostgreSQL before the table.
  const schema = table.table.slice(0, table.table.lastIndexOf('.') + 1)
  const [indexName, tableName] =
    table.dialect === 'sqlite' ? [schema + name, table.table.slice(schema.length)] : [name, table.table]
  return `CREATE INDEX IF NOT EXISTS ${indexName} ON ${tableName} (${table.column(column)});\n`
}

function value(column: AuditColumn, cast: string | undefined): string {
  return cast === undefined ? `entry->>'${column}'` : `(entry->>'${column}')${cast}`
}
