/* daemon: reeve-discover. Reads what reeve-open hands over, opens nothing, and says what it found
 * in the closed schema of model/finding.h. The work is in discover/. */
#include "agent/base/log.h"
#include "agent/discover/look.h"
#include "agent/role/start.h"

#define KEY_BYTES 32

static rv_status take_key(const struct rv_role_args *args, const char *name, struct rv_secret **out,
			  struct rv_diag *diag)
{
	int fd = rv_role_fd(args, name);

	if (fd < 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "no key was passed as %s", name);
	RV_TRY(rv_secret_read_fd(fd, KEY_BYTES, out));
	if (rv_secret_len(*out) != KEY_BYTES)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the %s key is not 32 bytes", name);
	return RV_OK;
}

/* The channel to reeve-open; none when only served certificates are to be parsed. */
static rv_status take_open(const struct rv_role_args *args, struct rv_channel **out)
{
	int fd = rv_role_fd(args, "open");

	return fd < 0 ? RV_OK : rv_channel_new(fd, RV_ROLE_DISCOVER, RV_ROLE_OPEN, out);
}

int main(int argc, char **argv)
{
	struct rv_role_args args;
	struct rv_diag diag = {0};
	RV_CLEANUP(rv_channel_freep) struct rv_channel *sup = NULL;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *engine = NULL;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *open = NULL;
	RV_CLEANUP(rv_secret_freep) struct rv_secret *fleet = NULL;
	RV_CLEANUP(rv_secret_freep) struct rv_secret *host = NULL;
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *scanner = NULL;
	rv_status s = rv_secret_heap_init(&diag);

	/* Compiling patterns maps no code but allocates much: before confinement. */
	if (rv_is_ok(s))
		s = rv_scanner_new_builtin(&scanner, &diag);
	if (rv_is_ok(s))
		s = rv_role_start(argc, argv, RV_ROLE_DISCOVER, &args, &sup, &engine, &diag);
	if (rv_is_ok(s))
		s = take_key(&args, "fleet", &fleet, &diag);
	if (rv_is_ok(s))
		s = take_key(&args, "host", &host, &diag);
	if (rv_is_ok(s))
		s = take_open(&args, &open);
	if (!rv_is_ok(s))
		return rv_role_failed(s, &diag);
	s = rv_look_run(engine, open, scanner, fleet, host, &diag);
	if (rv_is_ok(s))
		return 0;
	rv_log(RV_ERROR, "looking ended", "class", rv_class_name(rv_class_of(s)), "why", diag.text,
	       NULL);
	return 2;
}
