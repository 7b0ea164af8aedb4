-- Syncing an app in an environment: what people said, how failed tries of one state stand, and what stood against the write that was
-- wanted last. sync_next with failures: 'infinity' is given up.
ALTER TABLE app_environments ADD COLUMN suspended_by text NOT NULL DEFAULT '';
ALTER TABLE app_environments ADD COLUMN suspended_at timestamptz;
ALTER TABLE app_environments ADD COLUMN sync_asked_by text NOT NULL DEFAULT '';
ALTER TABLE app_environments ADD COLUMN sync_asked_at timestamptz;
ALTER TABLE app_environments ADD COLUMN sync_revision text NOT NULL DEFAULT '';
ALTER TABLE app_environments ADD COLUMN sync_failures int NOT NULL DEFAULT 0;
ALTER TABLE app_environments ADD COLUMN sync_next timestamptz;
ALTER TABLE app_environments ADD COLUMN sync_hold text NOT NULL DEFAULT 'NONE'
  CONSTRAINT app_environments_sync_hold CHECK (sync_hold IN ('NONE', 'SUSPENDED', 'WINDOW', 'SELF_HEAL_OFF', 'BACK_OFF'));
ALTER TABLE app_environments ADD COLUMN sync_hold_reason text NOT NULL DEFAULT '';
ALTER TABLE app_environments ADD COLUMN sync_hold_until timestamptz;

-- Specs of projects and environments as pipeline gave them last: a window holds also while pipeline is away.
CREATE TABLE definitions (
  name       text PRIMARY KEY,
  spec       bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
