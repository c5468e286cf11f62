/* inventory: the tables. Forward only: a change is a new entry at the end. Plain columns as
 * conflict targets, application-side ids, no trigger, no sequence: the same text is meant for other
 * engines. */
#pragma once

static const char *const rv_schema[] = {
	/* 1 */
	"CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE token(id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
	" role TEXT NOT NULL CHECK(role IN ('enrol','reader')), note TEXT NOT NULL,"
	" created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, uses_left INTEGER NOT NULL,"
	" revoked_at INTEGER) STRICT, WITHOUT ROWID;"
	"CREATE TABLE session(hash BLOB PRIMARY KEY, token TEXT NOT NULL REFERENCES token(id),"
	" expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE host(id TEXT PRIMARY KEY, hostname TEXT NOT NULL, machine TEXT NOT NULL,"
	" agent TEXT NOT NULL, token TEXT NOT NULL, enrolled_at INTEGER NOT NULL,"
	" cert_pem TEXT NOT NULL, cert_not_after INTEGER NOT NULL, seen_at INTEGER NOT NULL,"
	" host_at INTEGER, seq INTEGER NOT NULL, digest TEXT NOT NULL, batch TEXT NOT NULL,"
	" answer TEXT NOT NULL, credentials INTEGER NOT NULL, orphans INTEGER NOT NULL,"
	" quarantined INTEGER NOT NULL, not_looked INTEGER NOT NULL, denied_at INTEGER,"
	" denied_why TEXT) STRICT, WITHOUT ROWID;"
	"CREATE INDEX host_machine ON host(machine);"
	"CREATE INDEX host_seen ON host(seen_at) WHERE denied_at IS NULL;"
	"CREATE TABLE host_key(fp BLOB PRIMARY KEY, host TEXT NOT NULL REFERENCES host(id),"
	" added_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX host_key_host ON host_key(host);"
	"CREATE TABLE item(host TEXT NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL,"
	" orphan INTEGER NOT NULL, live INTEGER NOT NULL, not_after INTEGER, doc TEXT NOT NULL,"
	" PRIMARY KEY(host, id)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX item_due ON item(not_after, host, id) WHERE not_after IS NOT NULL AND live = "
	"1;"
	"CREATE INDEX item_orphan ON item(host, id) WHERE orphan = 1;"
	"CREATE TABLE quarantine(host TEXT NOT NULL, id TEXT NOT NULL, why TEXT NOT NULL,"
	" at INTEGER NOT NULL, PRIMARY KEY(host, id)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"INSERT INTO counter VALUES('hosts',0),('credentials',0),('orphans',0),('reports',0);"
	"CREATE TABLE event(id TEXT PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL,"
	" subject TEXT NOT NULL, detail TEXT NOT NULL) STRICT, WITHOUT ROWID;",
};
