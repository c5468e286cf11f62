/* daemon: reeve-open. Opens and stats, reads no content of what it walks, and passes descriptors to
 * reeve-discover. The work is in discover/ (library rv_open, which links no parser). */
#include "agent/base/log.h"
#include "agent/discover/opening.h"
#include "agent/role/start.h"

int main(int argc, char **argv)
{
	struct rv_role_args args;
	struct rv_diag diag = {0};
	RV_CLEANUP(rv_channel_freep) struct rv_channel *sup = NULL;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *engine = NULL;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *discover = NULL;
	rv_status s = rv_role_start(argc, argv, RV_ROLE_OPEN, &args, &sup, &engine, &diag);

	if (rv_is_ok(s))
		s = rv_channel_new(rv_role_fd(&args, "discover"), RV_ROLE_OPEN, RV_ROLE_DISCOVER,
				   &discover);
	if (!rv_is_ok(s))
		return rv_role_failed(s, &diag);
	struct rv_opening opening = {.engine = engine,
				     .discover = discover,
				     .diag_fd = rv_role_fd(&args, "diag"),
				     .root = args.root ? args.root : ""};
	s = rv_opening_run(&opening, &diag);
	if (rv_is_ok(s))
		return 0;
	rv_log(RV_ERROR, "walk ended", "class", rv_class_name(rv_class_of(s)), "why", diag.text,
	       NULL);
	return 2;
}
