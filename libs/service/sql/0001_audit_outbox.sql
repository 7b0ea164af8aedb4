-- Audit entries on their way to auth. Deleted when auth has them.
CREATE TABLE audit_outbox (
  id         text PRIMARY KEY,
  entry      bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
