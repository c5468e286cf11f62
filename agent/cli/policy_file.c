/* cli: see policy_file.h. */
#include "agent/cli/policy_file.h"

#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/base/yaml.h"
#include "agent/cli/scan_where.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define SELF_MAX 64 /* "/proc/self/fd/N" */

static rv_status leads_out(const char *name, struct rv_diag *diag)
{
	rv_diag_next(diag, "put the file itself there, or name it: --config FILE, --baseline FILE, "
			   "--rules FILE");
	return rv_fail(RV_CLASS_DENIED, diag,
		       "%s: a symbolic link leads out of what is scanned, and is not followed",
		       rv_yaml_path_quoted(name));
}

/* Does what is open lie below the top? By the kernel's word: names may change meanwhile. */
static bool is_below(const char *opened, const char *top)
{
	char real[PATH_MAX];
	ssize_t n = readlink(opened, real, sizeof(real));

	return n > 0 && (size_t)n < sizeof(real) &&
	       rv_path_is_under((struct rv_str){(const uint8_t *)real, (size_t)n}, rv_str_of(top));
}

rv_status rv_policy_file_read(const char *dir, const char *name, size_t max, struct rv_buf *out,
			      struct rv_diag *diag)
{
	char self[SELF_MAX], top[RV_SCAN_WHERE_MAX];
	RV_CLEANUP(rv_fd_closep) int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (at < 0)
		return rv_fail_errno(diag, "cannot open %s", dir);
	/* Opened by its name alone, nothing is touched: a device, say. */
	RV_CLEANUP(rv_fd_closep) int fd = openat(at, name, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return rv_fail_errno(diag, "cannot open %s", rv_yaml_path_quoted(name));
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd); /* fits */
	if (!rv_scan_where_tree(dir, top) || !is_below(self, top))
		return leads_out(name, diag);
	struct rv_diag why = {0};
	rv_status status = rv_file_read(self, max, out, &why);
	const char *what = strstr(why.text, self);
	if (!rv_is_ok(status))
		rv_diag_set(diag, "%s%s", rv_yaml_path_quoted(name),
			    what ? what + strlen(self) : ": cannot be read");
	return status;
}
