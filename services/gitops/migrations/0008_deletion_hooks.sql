-- Hooks that run when an app is deleted from a cluster, as they were applied last: by then its folder is gone.
CREATE TABLE deletion_hooks (
  cluster     text NOT NULL,
  project     text NOT NULL,
  app         text NOT NULL,
  environment text NOT NULL,
  position    bigint NOT NULL,
  body        text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cluster, project, app, environment, position)
);
