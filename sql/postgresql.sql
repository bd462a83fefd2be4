-- otel-audit: the audit table for PostgreSQL 12 or later. Safe to apply again.

CREATE TABLE IF NOT EXISTS admin_audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  record_id uuid NOT NULL,
  admin_user_id text NOT NULL,
  action text NOT NULL,
  target_type text NOT NULL,
  target_id text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  ip_address text,
  user_agent text,
  request_id text,
  trace_id text,
  outcome text NOT NULL,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX IF NOT EXISTS "admin_audit_log_record_id" ON admin_audit_log (record_id);
CREATE INDEX IF NOT EXISTS "admin_audit_log_request_id" ON admin_audit_log (request_id);
CREATE INDEX IF NOT EXISTS "admin_audit_log_created_at" ON admin_audit_log (created_at);

-- One audit row in ONE statement: SELECT otel_audit_insert($1::jsonb). The EXCEPTION block is the savepoint, so a row
-- that cannot be written costs the caller's transaction nothing. Returns NULL, or "SQLSTATE message" of what went wrong.
-- lock_timeout: a locked audit table must not hold up the caller's own statements for longer.
CREATE OR REPLACE FUNCTION otel_audit_insert(entry jsonb) RETURNS text
LANGUAGE plpgsql
SET lock_timeout = '1500ms'
AS $otel_audit$
BEGIN
  -- Some drivers encode a jsonb parameter that is text once more.
  IF jsonb_typeof(entry) = 'string' THEN
    entry := (entry #>> '{}')::jsonb;
  END IF;
  INSERT INTO admin_audit_log (
    record_id,
    admin_user_id,
    action,
    target_type,
    target_id,
    details,
    ip_address,
    user_agent,
    request_id,
    trace_id,
    outcome,
    created_at
  ) VALUES (
    (entry->>'record_id')::uuid,
    entry->>'admin_user_id',
    entry->>'action',
    entry->>'target_type',
    entry->>'target_id',
    coalesce(entry->'details', '{}'),
    entry->>'ip_address',
    entry->>'user_agent',
    entry->>'request_id',
    entry->>'trace_id',
    entry->>'outcome',
    (entry->>'created_at')::timestamptz
  );
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$otel_audit$;
