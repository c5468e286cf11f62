/* tests: the real roles under the real reeved (only the engine is a double, spoken for by the
 * test): each starts, says HELLO with its walls, stays, and what it costs is printed. Usage:
 * roles_test. */
#include "supervisor/stage.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"
#include "agent/sandbox/confine.h"

#include <stdio.h>
#include <unistd.h>

static struct stage st;
static int wrong;

static long status_kb(uint64_t pid, const char *file, const char *key)
{
	char path[64], line[256];
	long kb = -1;

	(void)snprintf(path, sizeof(path), "/proc/%llu/%s", (unsigned long long)pid, file);
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) == 0)
			kb = strtol(line + strlen(key), NULL, 10);
	}
	if (f)
		(void)fclose(f);
	return kb;
}

static void print_walls(uint64_t walls)
{
	for (unsigned bit = 0; bit < RV_WALL__COUNT; bit++) {
		if ((walls & (UINT64_C(1) << bit)) != 0)
			(void)printf(" %s", rv_wall_name(bit));
	}
	(void)printf("\n");
}

static void show(const char *name, uint64_t job, const struct rv_rec_spawn *ask)
{
	char text[512];
	int64_t start = rv_boot_us();
	struct rv_rec_spawned got = stage_spawn(&st, job, ask, text);
	double ms = (double)(rv_boot_us() - start) / 1000;

	if (got.outcome != RV_CLASS_OK) {
		(void)printf("%-9s did not start: %s\n", name, text);
		wrong++;
		return;
	}
	(void)printf("%-9s start %5.1f ms  rss %6ld kB  own %6ld kB  walls", name, ms,
		     status_kb(got.pid, "status", "VmRSS:"),
		     status_kb(got.pid, "smaps_rollup", "Private_Dirty:"));
	print_walls(got.walls);
}

/* Nothing may have ended meanwhile. */
static void expect_all_alive(void)
{
	struct rv_frame frame = {0};
	struct rv_rec_exited gone;

	while (rv_is_ok(rv_channel_receive(st.engine, 200, &frame, NULL))) {
		if (rv_is_ok(rv_frame_body(&frame, RV_MSG_exited, &gone, NULL))) {
			(void)printf("%s ended with %llu\n", rv_role_name((unsigned)gone.role),
				     (unsigned long long)gone.code);
			wrong++;
		}
		rv_frame_done(&frame);
	}
}

static void use_real_roles(void)
{
	static const char *const roles[] = {"open",	"discover", "broker",
					    "plughost", "place",    "report"};
	char path[RVT_PATH], real[RVT_PATH];

	for (size_t i = 0; i < RV_LEN(roles); i++) {
		(void)snprintf(real, sizeof(real), "%s/reeve-%s", BIN_DIR, roles[i]);
		if (access(real, X_OK) != 0)
			rvt_die("%s is not built", real);
		(void)snprintf(path, 64, "libexec/reeve-%s", roles[i]);
		char link[RVT_PATH];

		rvt_dir_path(&st.dir, path, link);
		if (unlink(link) != 0 || symlink(real, link) != 0)
			rvt_die("symlink %s", link);
	}
}

static void write_grants(const char *dir)
{
	char text[2 * RVT_PATH], hex[65];
	struct rv_buf image = rvt_file_read(PLUGIN_PATH);
	struct rv_digest d = rv_sha256(image.data, image.len);

	rv_hex(d.bytes, sizeof(d.bytes), hex);
	rvt_dir_write(&st.dir, "plugins/localca.so", image.data, image.len, 0644);
	rv_buf_done(&image);
	(void)snprintf(text, sizeof(text), "write %s\nplugin localca none %s\n", dir, hex);
	stage_grants(&st, text);
}

int main(void)
{
	char dir[RVT_PATH];
	struct rv_buf dirs;
	struct rv_rec_text_item item;

	stage_init(&st);
	use_real_roles();
	rvt_dir_make(&st.dir, "granted", 0755);
	rvt_dir_path(&st.dir, "granted", dir);
	write_grants(dir);
	stage_start(&st, NULL);
	rv_buf_init(&dirs, 8192);
	item.text = rv_str_of(dir);
	if (!rv_is_ok(rv_list_add(&dirs, &rv_desc_text_item, &item)))
		rvt_die("no memory");
	show("discover", 1, &(struct rv_rec_spawn){.role = RV_ROLE_DISCOVER});
	show("open", 2, &(struct rv_rec_spawn){.role = RV_ROLE_OPEN, .peer_job = 1});
	show("broker", 3, &(struct rv_rec_spawn){.role = RV_ROLE_BROKER});
	show("place", 4,
	     &(struct rv_rec_spawn){.role = RV_ROLE_PLACE,
				    .broker_job = 3,
				    .dirs = rv_buf_view(&dirs),
				    .uid = UINT32_MAX,
				    .gid = UINT32_MAX});
	show("plughost", 5,
	     &(struct rv_rec_spawn){
		     .role = RV_ROLE_PLUGHOST, .broker_job = 3, .plugin = RV_STR_LIT("localca")});
	show("report", 6, &(struct rv_rec_spawn){.role = RV_ROLE_REPORT});
	expect_all_alive();
	(void)printf("%-9s                 rss %6ld kB  own %6ld kB\n", "reeved",
		     status_kb((uint64_t)st.reeved, "status", "VmRSS:"),
		     status_kb((uint64_t)st.reeved, "smaps_rollup", "Private_Dirty:"));
	rv_buf_done(&dirs);
	stage_done(&st);
	return wrong == 0 ? 0 : 1;
}
