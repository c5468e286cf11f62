/* daemon: reeve-broker, the process that may hold secrets and nothing else: no file, no network. It
 * answers the engine and hands bytes to the peers reeved gives it. Not here: what it answers
 * (act/broker_serve.c). */
#include "agent/act/broker_mint.h"
#include "agent/act/broker_serve.h"
#include "agent/base/log.h"
#include "agent/role/start.h"

#define KEY_LEN 32

/* A key file of exactly 32 bytes, by the name reeved gave its descriptor. */
static rv_status read_key(const struct rv_role_args *args, const char *name, struct rv_secret **out,
			  struct rv_diag *diag)
{
	int fd = rv_role_fd(args, name);
	if (fd < 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "no descriptor %s was passed", name);
	struct rv_secret *key = NULL;
	rv_status st = rv_secret_read_fd(fd, KEY_LEN, &key);
	if (!rv_is_ok(st) || rv_secret_len(key) != KEY_LEN) {
		rv_secret_free(key);
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s.key does not hold 32 bytes", name);
	}
	*out = key;
	return RV_OK;
}

/* All that needs libcrypto's set-up, before the filter would refuse it. */
static rv_status prepare(struct rv_diag *diag)
{
	if (!rv_broker_wiping_allocator())
		return rv_fail(RV_CLASS_BUG, diag,
			       "libcrypto allocated before its allocator was set");
	RV_TRY(rv_secret_heap_init(diag));
	return rv_broker_warm_up(diag);
}

int main(int argc, char **argv)
{
	struct rv_role_args args;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *sup = NULL;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *engine = NULL;
	RV_CLEANUP(rv_secret_freep) struct rv_secret *sealing = NULL;
	RV_CLEANUP(rv_secret_freep) struct rv_secret *evidence = NULL;
	struct rv_diag diag = {0};
	static struct rv_broker broker;

	rv_log_name("broker");
	rv_status st = prepare(&diag);
	if (rv_is_ok(st))
		st = rv_role_start(argc, argv, RV_ROLE_BROKER, &args, &sup, &engine, &diag);
	if (rv_is_ok(st))
		st = read_key(&args, "sealing", &sealing, &diag);
	if (rv_is_ok(st))
		st = read_key(&args, "evidence", &evidence, &diag);
	if (!rv_is_ok(st))
		return rv_role_failed(st, &diag);
	broker.sup = sup;
	broker.engine = engine;
	broker.sealing = sealing;
	broker.evidence = evidence;
	st = rv_broker_serve(&broker, &diag);
	rv_broker_done(&broker);
	return rv_is_ok(st) ? 0 : rv_role_failed(st, &diag);
}
