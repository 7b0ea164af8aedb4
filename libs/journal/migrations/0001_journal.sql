-- The records behind "why" and "timeline": written once in the transaction of the decision, never changed.
CREATE TABLE journal (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT journal_pkey PRIMARY KEY,
  created_at timestamptz NOT NULL,
  subject text NOT NULL,
  kind text NOT NULL,
  event text NOT NULL,
  verdict text NOT NULL CONSTRAINT journal_verdict_check CHECK (verdict IN
    ('none', 'accepted', 'refused', 'started', 'not_started', 'waiting', 'skipped', 'done', 'failed')),
  rule text NOT NULL,
  message text NOT NULL,
  compared jsonb NOT NULL,  -- the values that were compared; never queried inside
  related text[] NOT NULL,
  trace_id text NOT NULL,
  project text NOT NULL,
  app text NOT NULL
);

-- Resource names are compared bytewise, so that "below a name" is a range of this index in any collation.
CREATE INDEX journal_subject ON journal (subject text_pattern_ops, id);
CREATE INDEX journal_trace ON journal (trace_id, id) WHERE trace_id <> '';
CREATE INDEX journal_related ON journal USING gin (related);
CREATE INDEX journal_created_at ON journal USING brin (created_at);
