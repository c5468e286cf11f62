/* ipc: argv of a role, its HELLO, its build id. Not here: confinement (sandbox/, role/). */
#include "agent/ipc/role.h"

#include <errno.h>
#include <unistd.h>

#include "rv_build_id.h"

const char *rv_build_id(void)
{
	return RV_BUILD_ID;
}

static bool parse_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end = NULL;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);

	if (errno != 0 || *end != '\0' || v > max)
		return false;
	*out = v;
	return true;
}

static rv_status bad(const char *option, const char *value, struct rv_diag *diag)
{
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s %s: not understood", option, value);
}

/* NAME=N */
static rv_status add_fd(struct rv_role_args *a, char *value, struct rv_diag *diag)
{
	char *eq = strchr(value, '=');
	uint64_t n;

	if (!eq || eq == value || a->fd_count == RV_ROLE_FDS || !parse_number(eq + 1, 4095, &n))
		return bad("--fd", value, diag);
	*eq = '\0';
	a->fds[a->fd_count].name = value;
	a->fds[a->fd_count++].fd = (int)n;
	return RV_OK;
}

/* N:PATH */
static rv_status add_dir(struct rv_role_args *a, char *value, struct rv_diag *diag)
{
	char *colon = strchr(value, ':');
	uint64_t n;

	if (!colon || a->dir_count == RV_ROLE_DIRS || colon[1] != '/')
		return bad("--dir", value, diag);
	*colon = '\0';
	if (!parse_number(value, 4095, &n))
		return bad("--dir", value, diag);
	a->dirs[a->dir_count].path = colon + 1;
	a->dirs[a->dir_count++].fd = (int)n;
	return RV_OK;
}

/* KEY=VALUE */
static rv_status add_set(struct rv_role_args *a, char *value, struct rv_diag *diag)
{
	char *eq = strchr(value, '=');

	if (!eq || eq == value || a->set_count == RV_ROLE_SETS)
		return bad("--set", value, diag);
	*eq = '\0';
	a->sets[a->set_count].key = value;
	a->sets[a->set_count++].value = eq + 1;
	return RV_OK;
}

static rv_status set_numbers(struct rv_role_args *a, const char *option, const char *value,
			     struct rv_diag *diag)
{
	uint64_t n;

	bool is_wide = strcmp(option, "--fault") == 0;

	if (!parse_number(value, is_wide ? UINT64_MAX : UINT32_MAX, &n))
		return bad(option, value, diag);
	if (is_wide)
		a->fault_at = n;
	else if (strcmp(option, "--sup") == 0)
		a->sup_fd = (int)n;
	else if (strcmp(option, "--engine") == 0)
		a->engine_fd = (int)n;
	else if (strcmp(option, "--uid") == 0)
		a->uid = (uint32_t)n;
	else if (strcmp(option, "--gid") == 0)
		a->gid = (uint32_t)n;
	else if (strcmp(option, "--abi") == 0)
		a->landlock_abi_cap = (unsigned)n;
	else
		return bad(option, value, diag);
	return RV_OK;
}

static rv_status parse_one(struct rv_role_args *a, const char *option, char *value,
			   struct rv_diag *diag)
{
	if (strcmp(option, "--fd") == 0)
		return add_fd(a, value, diag);
	if (strcmp(option, "--dir") == 0)
		return add_dir(a, value, diag);
	if (strcmp(option, "--set") == 0)
		return add_set(a, value, diag);
	if (strcmp(option, "--root") == 0) {
		a->root = value;
		return RV_OK;
	}
	return set_numbers(a, option, value, diag);
}

rv_status rv_role_args_parse(int argc, char **argv, enum rv_role role, struct rv_role_args *out,
			     struct rv_diag *diag)
{
	struct rv_role_args a = {.role = role,
				 .sup_fd = -1,
				 .engine_fd = -1,
				 .root = "",
				 .uid = UINT32_MAX,
				 .gid = UINT32_MAX};

	for (int i = 1; i < argc; i += 2) {
		if (i + 1 >= argc)
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s needs a value", argv[i]);
		RV_TRY(parse_one(&a, argv[i], argv[i + 1], diag));
	}
	if (a.sup_fd < 0) {
		rv_diag_next(diag, "reeve-%s is started by reeved, not by hand",
			     rv_role_name(role));
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--sup is missing");
	}
	*out = a;
	return RV_OK;
}

int rv_role_fd(const struct rv_role_args *args, const char *name)
{
	for (size_t i = 0; i < args->fd_count; i++) {
		if (strcmp(args->fds[i].name, name) == 0)
			return args->fds[i].fd;
	}
	return -1;
}

const char *rv_role_set(const struct rv_role_args *args, const char *key, const char *fallback)
{
	for (size_t i = 0; i < args->set_count; i++) {
		if (strcmp(args->sets[i].key, key) == 0)
			return args->sets[i].value;
	}
	return fallback;
}

rv_status rv_role_hello(const struct rv_role_args *args, struct rv_channel *sup, uint64_t walls)
{
	struct rv_rec_hello hello = {
		.role = args->role,
		.build = rv_str_of(rv_build_id()),
		.pid = (uint64_t)getpid(),
		.walls = walls,
	};

	return rv_channel_send(sup, RV_MSG_hello, rv_channel_next_req(sup), 0, &hello);
}
