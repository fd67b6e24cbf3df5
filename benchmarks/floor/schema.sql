-- Just what the floor needs. `waiting` alone is indexed, so that every update after the claim can be a HOT update.
create table messages (
    id uuid primary key,
    status smallint not null default 0,
    waiting boolean not null default true,
    wamid text,
    payload bytea not null
) with (fillfactor = 50);

create index messages_waiting on messages (id) where waiting;

create table receipts (
    message_id uuid not null,
    status smallint not null,
    at timestamptz not null
);
