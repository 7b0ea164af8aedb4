-- Logs in the archive: how large, since when, and from when on pruned. The row stays when the log is gone, to say so.
CREATE TABLE archived_logs (
  job_id bigint NOT NULL REFERENCES jobs (id),
  attempt int NOT NULL,
  bytes bigint NOT NULL,
  pruned_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (job_id, attempt)
);
CREATE INDEX archived_logs_kept ON archived_logs (created_at, job_id, attempt) INCLUDE (bytes) WHERE pruned_at IS NULL;

-- What was archived before has no known size and goes by its age.
INSERT INTO archived_logs (job_id, attempt, bytes, created_at)
SELECT id, generate_series(1, attempt), 0, coalesce(ended_at, updated_at) FROM jobs
WHERE state NOT IN ('PENDING', 'RUNNING');

ALTER TABLE work DROP CONSTRAINT work_kind_check;
ALTER TABLE work ADD CONSTRAINT work_kind_check
  CHECK (kind IN ('release_tag', 'archive_log', 'delete_log', 'confirm_deletion'));
