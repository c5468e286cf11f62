/* inventory: the administrator's verbs besides `serve`. Each returns its exit code. */
#pragma once

#include "agent/base/status.h"

struct rv_admin_args {
	const char *dir, *name, *url, *ttl, *role, *note, *why;
	long uses;
	const char *operand; /* ID or FILE, or NULL */
	bool as_json;
};

rv_status rv_admin_init(const struct rv_admin_args *a, struct rv_diag *diag);
rv_status rv_admin_token_create(const struct rv_admin_args *a, struct rv_diag *diag);
rv_status rv_admin_token_list(const struct rv_admin_args *a, struct rv_diag *diag);
rv_status rv_admin_token_revoke(const struct rv_admin_args *a, struct rv_diag *diag);
rv_status rv_admin_host_list(const struct rv_admin_args *a, struct rv_diag *diag);
rv_status rv_admin_host_deny(const struct rv_admin_args *a, struct rv_diag *diag);
rv_status rv_admin_host_allow(const struct rv_admin_args *a, struct rv_diag *diag);
rv_status rv_admin_backup(const struct rv_admin_args *a, struct rv_diag *diag);
rv_status rv_admin_restore(const struct rv_admin_args *a, struct rv_diag *diag);
/* CONFLICT when a check is red. */
rv_status rv_admin_doctor(const struct rv_admin_args *a, struct rv_diag *diag);
