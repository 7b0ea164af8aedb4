-- Replicas at work: session is the process that goes by the name of the instance now.
CREATE TABLE replicas (
  instance   text PRIMARY KEY,
  session    text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Which replica works on a cluster, and until when; no holder: it is free. fence is another number for each holder, so that one who
-- does not know yet that its time is over is told apart from the one whose time it is.
CREATE SEQUENCE cluster_fences;
CREATE TABLE cluster_leases (
  cluster    text PRIMARY KEY,
  holder     text NOT NULL DEFAULT '',
  session    text NOT NULL DEFAULT '',
  fence      bigint NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now()
);
