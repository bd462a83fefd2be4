-- otel-audit: the audit table for SQLite. Safe to apply again.
-- created_at is ISO 8601 in UTC with milliseconds, so that text order is time order.

CREATE TABLE IF NOT EXISTS admin_audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  record_id text NOT NULL,
  admin_user_id text NOT NULL,
  action text NOT NULL,
  target_type text NOT NULL,
  target_id text NOT NULL,
  details text NOT NULL DEFAULT '{}' CHECK (json_valid(details)),
  ip_address text,
  user_agent text,
  request_id text,
  trace_id text,
  outcome text NOT NULL,
  created_at text NOT NULL
);
CREATE INDEX IF NOT EXISTS "admin_audit_log_record_id" ON admin_audit_log (record_id);
CREATE INDEX IF NOT EXISTS "admin_audit_log_request_id" ON admin_audit_log (request_id);
CREATE INDEX IF NOT EXISTS "admin_audit_log_created_at" ON admin_audit_log (created_at);
