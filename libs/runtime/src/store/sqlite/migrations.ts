/** Each takes the file from the schema of its place in the list to the next. Never change one that was released. */
export const migrations: readonly string[] = [
  `
  create table keys (id text primary key, created_at real not null, record text not null) strict;
  create table join_tokens (
    id text primary key,
    secret_hash text not null,
    uses_left integer not null,
    created_at real not null,
    expires_at real not null
  ) strict;
  create table nodes (name text primary key, record text not null) strict;
  create table logs (
    id integer primary key autoincrement,
    stored_at real not null,
    time real not null,
    severity integer not null,
    service text not null,
    node text not null,
    request_id text not null,
    message text not null,
    fields text not null
  ) strict;
  create index logs_request on logs (request_id);
  create index logs_node on logs (node);
  create index logs_errors on logs (id) where severity <= 0;
  create index logs_warnings on logs (id) where severity <= 1;
  `,
  'create table estimates (part text primary key, saved_at real not null, document text not null) strict',
  `
  create table runs (
    id text primary key,
    pattern text not null,
    key text not null,
    title text not null,
    state text not null,
    created_at real not null,
    ended_at real,
    owner text not null,
    revision integer not null
  ) strict;
  create index runs_created on runs (created_at, id);
  create index runs_key on runs (key, created_at, id);
  create index runs_pattern on runs (pattern, created_at, id);
  create index runs_state on runs (state, created_at, id);
  create index runs_unfinished on runs (created_at, id) where ended_at is null;
  create index runs_ended on runs (ended_at) where ended_at is not null;
  create table journal (
    run text not null,
    seq integer not null,
    term integer not null,
    time real not null,
    event text not null,
    primary key (run, seq)
  ) strict;
  create table messages (
    id integer primary key,
    run text not null,
    key text not null,
    time real not null,
    document text not null,
    unique (run, key)
  ) strict;
  create table documents (
    kind text not null,
    id text not null,
    key text not null,
    revision integer not null,
    created_at real not null,
    updated_at real not null,
    expires_at real,
    document text not null,
    primary key (kind, id)
  ) strict;
  create index documents_updated on documents (kind, updated_at, id);
  create index documents_key on documents (kind, key, updated_at, id);
  create index documents_expiry on documents (expires_at) where expires_at is not null;
  `,
];
