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
];
