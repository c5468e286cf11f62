/* tests: how long a look at this machine takes and how much memory. Prints; asserts no time. */
#include "tests/support/looking.h"

#include "agent/base/clock.h"
#include "tests/support/dir.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static long peak_kib(pid_t pid)
{
	char path[64];
	char line[256];
	long kib = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid); /* fits */
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	}
	if (f)
		(void)fclose(f); /* read-only */
	return kib;
}

static bool measure(const char *bin, const char *name, const char *const *roots, unsigned accounts)
{
	struct looking l;
	struct looked seen;

	looking_start(&l, bin, "");
	for (int warm = 0; warm < 2; warm++) {
		int64_t before = rv_boot_us();

		if (!looking_walk(&l, roots, NULL, 0, accounts, accounts, &seen))
			return false;
		double s = (double)(rv_boot_us() - before) / 1e6;
		double mb = (double)seen.read_bytes / 1e6;
		(void)printf("%-8s %-5s %6.2f s  %7" PRIu64 " files %6" PRIu64 /* to stdout */
			     " dirs  %8.1f MB  %6.1f MB/s  %6" PRIu64
			     " findings (%zu certificates, %zu keys, %zu secrets, %zu accounts, "
			     "%zu units, %zu listeners, %zu not looked at)\n",
			     name, warm ? "then" : "first", s, seen.files, seen.walked.dirs, mb,
			     mb / s, seen.findings, looked_count(&seen, RV_MSG_found_certificate),
			     looked_count(&seen, RV_MSG_found_key),
			     looked_count(&seen, RV_MSG_found_secret),
			     looked_count(&seen, RV_MSG_found_account),
			     looked_count(&seen, RV_MSG_found_unit),
			     looked_count(&seen, RV_MSG_found_listener),
			     looked_count(&seen, RV_MSG_not_looked));
		looked_done(&seen);
	}
	(void)printf(
		"%-8s peak memory: reeve-open %ld KiB, reeve-discover %ld KiB\n", /* as above */
		name, peak_kib(l.open_pid), peak_kib(l.discover_pid));
	return looking_stop(&l);
}

int main(int argc, char **argv)
{
	static const char *const etc[] = {"/etc", NULL};
	static const char *const usr[] = {"/usr", NULL};

	if (argc != 2)
		return 2;
	/* The first walk is not one with an empty page cache: that would hurt others. */
	bool is_well = measure(argv[1], "default", NULL, 1) && measure(argv[1], "/etc", etc, 0) &&
		       measure(argv[1], "/usr", usr, 0);
	return is_well ? 0 : 1;
}
