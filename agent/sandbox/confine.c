/* sandbox: the order in which the walls go up. The steps are in the files beside this one. */
#include "agent/sandbox/confine.h"

#include "agent/sandbox/walls.h"

#include <sys/prctl.h>

static const char *const wall_names[RV_WALL__COUNT] = {
	"uid", "caps", "no_new_privs", "landlock", "seccomp", "mountns", "netns", "nodump",
};

const char *rv_wall_name(unsigned bit)
{
	return bit < RV_WALL__COUNT ? wall_names[bit] : "invalid";
}

rv_status rv_confine(const struct rv_confine_spec *spec, uint64_t *out_walls, struct rv_diag *diag)
{
	uint64_t walls = 0;

	rv_namespaces_raise(spec, &walls);
	RV_TRY(rv_drop_raise(spec, &walls, diag));
	RV_TRY(rv_landlock_raise(spec, &walls, diag));
	RV_TRY(rv_seccomp_raise(spec, &walls, diag));
	*out_walls = walls;
	return RV_OK;
}
