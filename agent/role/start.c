/* role: argv -> libcrypto -> confine -> HELLO, the same for every role. */
#include "agent/role/start.h"

#include "agent/base/log.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <signal.h>
#include <time.h>

#define PATHS_MAX 24

struct paths {
	struct rv_confine_path list[PATHS_MAX];
	size_t count;
};

/* What the C library, the resolver and libcurl read. */
static const char *const resolver_files[] = {
	"/etc/resolv.conf", "/etc/hosts",    "/etc/host.conf", "/etc/nsswitch.conf",
	"/etc/gai.conf",    "/etc/services", "/etc/ssl",       "/usr/share/ca-certificates",
};
static const char *const library_dirs[] = {"/usr/lib", "/lib", "/lib64", "/usr/lib64",
					   "/usr/local/lib"};
/* Public facts of the host that deciding needs. */
static const char *const engine_files[] = {
	"/etc/passwd",	   "/etc/group",      "/etc/nsswitch.conf",
	"/etc/localtime",  "/etc/timezone",   "/usr/share/zoneinfo",
	"/etc/machine-id", "/etc/os-release", "/proc/sys/kernel/random/boot_id",
};

static void add(struct paths *p, const char *path, bool is_writable, bool is_executable)
{
	RV_BUG_ON(p->count == PATHS_MAX);
	if (path && path[0] == '/')
		p->list[p->count++] = (struct rv_confine_path){path, is_writable, is_executable};
}

static void add_all(struct paths *p, const char *const *paths, size_t count, bool is_executable)
{
	for (size_t i = 0; i < count; i++)
		add(p, paths[i], false, is_executable);
}

static void engine_paths(const struct rv_role_args *args, struct paths *p)
{
	add(p, rv_role_set(args, "state", NULL), true, false);
	add(p, rv_role_set(args, "config", NULL), false, false);
	add(p, rv_role_set(args, "share", NULL), false, false);
	add_all(p, engine_files, RV_LEN(engine_files), false);
}

static void library_paths(struct paths *p, bool with_network)
{
	add_all(p, library_dirs, RV_LEN(library_dirs), true);
	add(p, "/etc/ld.so.cache", false, false);
	if (with_network)
		add_all(p, resolver_files, RV_LEN(resolver_files), false);
}

static rv_status profile_of(const struct rv_role_args *args, enum rv_profile *out,
			    struct rv_diag *diag)
{
	const char *name = rv_role_set(args, "profile", "none");

	if (strcmp(name, "none") == 0)
		*out = RV_PROFILE_NONE;
	else if (strcmp(name, "loopback") == 0)
		*out = RV_PROFILE_LOOPBACK;
	else if (strcmp(name, "net") == 0)
		*out = RV_PROFILE_NET;
	else
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "profile %s is not known", name);
	return RV_OK;
}

static rv_status place_dirs(const struct rv_role_args *args, struct rv_confine_spec *spec)
{
	_Static_assert(RV_ROLE_DIRS <= RV_CONFINE_DIRS, "a spec holds every granted directory");
	for (size_t i = 0; i < args->dir_count; i++)
		spec->dir_fds[spec->dir_count++] = args->dirs[i].fd;
	return RV_OK;
}

/* The jail of a role, and what it may reach. */
static rv_status describe(const struct rv_role_args *args, struct rv_confine_spec *spec,
			  struct paths *p, struct rv_diag *diag)
{
	switch (args->role) {
	case RV_ROLE_ENGINE:
		spec->jail = RV_JAIL_ENGINE;
		engine_paths(args, p);
		return RV_OK;
	case RV_ROLE_OPEN:
		spec->jail = RV_JAIL_OPEN;
		return RV_OK;
	case RV_ROLE_DISCOVER:
		spec->jail = RV_JAIL_DISCOVER;
		return RV_OK;
	case RV_ROLE_BROKER:
		spec->jail = RV_JAIL_BROKER;
		return RV_OK;
	case RV_ROLE_PLUGHOST:
		spec->jail = RV_JAIL_PLUGHOST;
		RV_TRY(profile_of(args, &spec->profile, diag));
		library_paths(p, spec->profile == RV_PROFILE_NET);
		return RV_OK;
	case RV_ROLE_PLACE:
		spec->jail = RV_JAIL_PLACE;
		return place_dirs(args, spec);
	case RV_ROLE_REPORT:
		spec->jail = RV_JAIL_REPORT;
		add(p, rv_role_set(args, "identity", NULL), true, false);
		library_paths(p, true);
		return RV_OK;
	case RV_ROLE_ANY:
	case RV_ROLE_REEVED:
	case RV_ROLE_CLI:
	case RV_ROLE_PEER:
	case RV_ROLE__COUNT:
		break;
	}
	return rv_fail(RV_CLASS_BUG, diag, "%s is not a role with a jail",
		       rv_role_name(args->role));
}

static rv_status confine(const struct rv_role_args *args, uint64_t *out_walls, struct rv_diag *diag)
{
	struct paths paths = {0};
	struct rv_confine_spec spec = {
		.uid = args->uid,
		.gid = args->gid,
		.abi_cap = args->landlock_abi_cap,
	};

	RV_TRY(describe(args, &spec, &paths, diag));
	spec.paths = paths.list;
	spec.path_count = paths.count;
	return rv_confine(&spec, out_walls, diag);
}

/* reeved passes SIGHUP on to a role that said HELLO. Held back until the role reads it from a
 * signalfd, it cannot end one that has not come so far, nor one that does not care. */
static void hold_hangups(void)
{
	sigset_t set;

	(void)sigemptyset(&set); /* these three fail only for numbers that do not exist */
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Everything a library would open later, once and now. */
static rv_status warm_up(struct rv_diag *diag)
{
	unsigned char byte;

	tzset();
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_LOAD_CONFIG |
					OPENSSL_INIT_NO_ATEXIT,
				NULL) != 1 ||
	    RAND_bytes(&byte, 1) != 1)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "libcrypto does not start");
	return RV_OK;
}

rv_status rv_role_start(int argc, char **argv, enum rv_role role, struct rv_role_args *out_args,
			struct rv_channel **out_sup, struct rv_channel **out_engine,
			struct rv_diag *diag)
{
	struct rv_role_args args;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *sup = NULL;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *engine = NULL;
	uint64_t walls = 0;

	rv_log_name(rv_role_name(role));
	RV_TRY(rv_role_args_parse(argc, argv, role, &args, diag));
	rv_fault_arm(args.fault_at);
	hold_hangups();
	RV_TRY(rv_channel_new(args.sup_fd, role, RV_ROLE_REEVED, &sup));
	if (role != RV_ROLE_ENGINE) {
		if (args.engine_fd < 0)
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--engine is missing");
		RV_TRY(rv_channel_new(args.engine_fd, role, RV_ROLE_ENGINE, &engine));
	}
	RV_TRY(warm_up(diag));
	RV_TRY(confine(&args, &walls, diag));
	RV_TRY(rv_role_hello(&args, sup, walls));
	args.walls = walls;
	*out_args = args;
	*out_sup = RV_TAKE(sup);
	*out_engine = RV_TAKE(engine);
	return RV_OK;
}

int rv_role_failed(rv_status status, const struct rv_diag *diag)
{
	rv_log(RV_ERROR, "role could not start", "class", rv_class_name(rv_class_of(status)), "why",
	       diag->text, "next", diag->next, NULL);
	return 2;
}
