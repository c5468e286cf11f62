/* sweep: see named.h. */
#include "agent/sweep/named.h"

#include "agent/base/clock.h"
#include "agent/sweep/config.h"
#include "agent/sweep/linked.h"

#include <stdlib.h>

/* Where a configuration is read from. */
struct place {
	struct rv_named *named;
	struct rv_linked_place where;
	bool lacks_memory;
};

void rv_named_done(struct rv_named *named)
{
	for (size_t i = 0; i < named->count; i++)
		free(named->paths[i]);
	free(named->paths);
	*named = (struct rv_named){0};
}

bool rv_named_has(const struct rv_named *named, struct rv_str path)
{
	for (size_t i = 0; i < named->count; i++) {
		if (rv_str_is(path, named->paths[i]))
			return true;
	}
	return false;
}

rv_status rv_named_add(struct rv_named *named, const char *path)
{
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	if (named->count >= RV_NAMED_MAX || rv_named_has(named, rv_str_of(path)))
		return RV_OK;
	if (named->count == named->room) {
		size_t room = named->room ? named->room * 2 : 8;
		char **more = reallocarray(named->paths, room, sizeof(*more));

		if (!more)
			return rv_fail_nomem(NULL);
		named->paths = more;
		named->room = room;
	}
	named->paths[named->count] = strdup(path);
	if (!named->paths[named->count])
		return rv_fail_nomem(NULL);
	named->count++;
	return RV_OK;
}

static rv_status read_at(const struct place *p, const char *path, struct rv_buf *out)
{
	return rv_linked_read(&p->where, path, p->named, RV_SCAN_CONFIG_FILE_MAX, out);
}

static rv_status on_named(void *context, const char *path, struct rv_buf *out, struct rv_diag *diag)
{
	struct place *p = context;

	(void)diag; /* nobody is told: the scan's own configuration is read elsewhere */
	if (!rv_is_ok(rv_named_add(p->named, path))) {
		p->lacks_memory = true;
		return rv_fail_nomem(NULL);
	}
	return read_at(p, path, out);
}

/* One file of it; whatever is wrong with it ends the reading. */
static void look_at(struct place *p, struct rv_scan_config *config, enum rv_scan_source source,
		    const char *name)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	struct rv_diag diag = {0};

	rv_buf_init(&text, RV_SCAN_CONFIG_FILE_MAX);
	if (!rv_is_ok(read_at(p, name, &text)))
		return;
	rv_status s = rv_scan_config_load(config, source, rv_buf_view(&text), name, &diag);
	p->lacks_memory |= rv_class_of(s) == RV_CLASS_EXHAUSTED && s.errno_was;
}

/* Of a name that is a link: where that leads. */
static rv_status look_behind(struct place *p, const char *name)
{
	char real[RV_LINKED_MAX];
	rv_status s = rv_linked_follow(&p->where, name, p->named, real);

	return rv_class_of(s) == RV_CLASS_CONFLICT ? RV_OK : s; /* out of the tree: no change's */
}

static rv_status look_at_file(struct place *p, enum rv_scan_source source, const char *name)
{
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;
	const struct rv_scan_reader reader = {on_named, p};

	RV_TRY(rv_scan_config_new(&reader, rv_now_utc_us(), &config));
	look_at(p, config, source, name);
	const char *baseline = rv_scan_config_settings(config)->baseline;
	if (baseline) {
		RV_TRY(rv_named_add(p->named, baseline));
		RV_TRY(look_behind(p, baseline));
	}
	return p->lacks_memory ? rv_fail_nomem(NULL) : RV_OK;
}

static rv_status look_at_place(struct place *p)
{
	static const char *const names[] = {".reeveignore", ".gitleaksignore", ".betterleaksignore",
					    ".reeve-baseline.json"};

	for (size_t i = 0; i < RV_LEN(names); i++)
		RV_TRY(look_behind(p, names[i]));
	RV_TRY(look_at_file(p, RV_SCAN_SOURCE_GITLEAKS, ".gitleaks.toml"));
	return look_at_file(p, RV_SCAN_SOURCE_NATIVE, ".reeve.yaml");
}

rv_status rv_named_of_tree(struct rv_named *named, struct rv_repo_view *view,
			   const struct rv_git_oid *tree)
{
	struct place p = {.named = named, .where = {.view = view, .tree = tree, .work_tree = -1}};

	return look_at_place(&p);
}

rv_status rv_named_of_work_tree(struct rv_named *named, int work_tree)
{
	struct place p = {.named = named, .where = {.work_tree = work_tree}};

	return look_at_place(&p);
}
