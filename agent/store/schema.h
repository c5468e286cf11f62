/* store: the list of tables and of migrations. Each noun keeps its DDL beside its code and exports
 * it as one string; schema.c lists them. Until the first release everything is version 1. */
#pragma once

#include "agent/base/status.h"

struct rv_migration {
	unsigned to_version;
	const char *const *ddl; /* NULL-ended list of statements run in one transaction */
};
/* In order, ended by to_version 0. */
extern const struct rv_migration rv_migrations[];

/* One DDL string per noun: CREATE TABLE ... STRICT; CREATE INDEX ...; */
extern const char rv_ddl_meta[];
extern const char rv_ddl_credentials[];
extern const char rv_ddl_versions[];
extern const char rv_ddl_sightings[];
extern const char rv_ddl_evidence[];
extern const char rv_ddl_estate[];
extern const char rv_ddl_listeners[];
extern const char rv_ddl_not_looked[];
extern const char rv_ddl_verdicts[];
extern const char rv_ddl_ledger[];
extern const char rv_ddl_sealed[];
extern const char rv_ddl_outbox[];
extern const char rv_ddl_journal[];
extern const char rv_ddl_audit[];
