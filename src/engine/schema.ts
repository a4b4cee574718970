/**
 * One entry per version, applied in order; `PRAGMA user_version` counts them. An entry that has been released never changes.
 * `changed` on a job counts upwards over the whole store, so that other processes can ask which jobs differ since then. Long
 * columns come last: what stands behind them is slow to reach.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE connections (
    id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL,
    label TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE jobs (
    run_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    accelerator TEXT,
    nodes INTEGER NOT NULL,
    snapshot_id TEXT,
    source_folder TEXT NOT NULL,
    session TEXT NOT NULL,
    state TEXT NOT NULL,
    job_group TEXT NOT NULL CHECK (job_group IN ('running', 'waiting', 'finished')),
    reason TEXT,
    cancel_requested_at INTEGER,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    attempt INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    spec TEXT NOT NULL
  ) STRICT;
  CREATE INDEX jobs_by_group ON jobs (job_group, coalesce(ended_at, created_at) DESC, run_id DESC);
  CREATE INDEX jobs_by_change ON jobs (changed);
  CREATE INDEX jobs_by_snapshot ON jobs (snapshot_id);

  CREATE TABLE attempts (
    run_id TEXT NOT NULL REFERENCES jobs (run_id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    connection_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    state TEXT NOT NULL,
    native_state TEXT,
    reason TEXT,
    handle TEXT,
    created_at INTEGER NOT NULL,
    accepted_at INTEGER,
    started_at INTEGER,
    ended_at INTEGER,
    exit_code INTEGER,
    signal TEXT,
    observed_at INTEGER,
    observe_error TEXT,
    claimed_by TEXT,
    claimed_at INTEGER,
    claimed_until INTEGER,
    log_cursor TEXT,
    log_order_bytes INTEGER NOT NULL DEFAULT 0,
    log_status TEXT NOT NULL DEFAULT 'none',
    plan TEXT,
    native TEXT,
    PRIMARY KEY (run_id, number)
  ) STRICT;
  CREATE INDEX attempts_live ON attempts (connection_id)
    WHERE state NOT IN ('succeeded', 'failed', 'cancelled');
  CREATE INDEX attempts_unsent ON attempts (claimed_until) WHERE state IN ('staging', 'submitting');
  CREATE INDEX attempts_to_follow ON attempts (log_status) WHERE handle IS NOT NULL AND log_status <> 'complete';

  CREATE TABLE tasks (
    run_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    task INTEGER NOT NULL,
    state TEXT NOT NULL,
    exit_code INTEGER,
    PRIMARY KEY (run_id, attempt, task),
    FOREIGN KEY (run_id, attempt) REFERENCES attempts (run_id, number) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE nodes (
    run_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    host TEXT,
    state TEXT NOT NULL,
    PRIMARY KEY (run_id, attempt, rank),
    FOREIGN KEY (run_id, attempt) REFERENCES attempts (run_id, number) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE streams (
    run_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    name TEXT NOT NULL,
    task INTEGER NOT NULL,
    node INTEGER NOT NULL,
    position INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (run_id, attempt, name, task, node),
    FOREIGN KEY (run_id, attempt) REFERENCES attempts (run_id, number) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE gaps (
    run_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    position INTEGER NOT NULL,
    gap TEXT NOT NULL,
    PRIMARY KEY (run_id, attempt, position),
    FOREIGN KEY (run_id, attempt) REFERENCES attempts (run_id, number) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES jobs (run_id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT,
    text TEXT NOT NULL,
    native TEXT
  ) STRICT;
  CREATE INDEX events_by_job ON events (run_id, id);

  CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    step TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    FOREIGN KEY (run_id, attempt) REFERENCES attempts (run_id, number) ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX journal_by_attempt ON journal (run_id, attempt, id);

  CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE stored_values (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE deleted_jobs (
    run_id TEXT PRIMARY KEY,
    changed INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deleted_jobs_by_change ON deleted_jobs (changed);
  `,
  // A table of its own: most attempts need no explanation, and in attempts it would stand behind the long columns.
  `
  CREATE TABLE explanations (
    run_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    explanation TEXT,
    expected_start_at INTEGER,
    PRIMARY KEY (run_id, attempt),
    FOREIGN KEY (run_id, attempt) REFERENCES attempts (run_id, number) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  `,
];
