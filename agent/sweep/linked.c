/* sweep: see linked.h. */
#include "agent/sweep/linked.h"

#include "agent/base/fd.h"
#include "agent/git/changes.h"

#include <stdio.h>
#include <unistd.h>

struct following {
	const struct rv_linked_place *place;
	struct rv_named *named;
	char *done;		  /* the caller's room: without links so far */
	char rest[RV_LINKED_MAX]; /* still to go */
	unsigned hops;
};

static bool read_link_of_tree(const struct rv_linked_place *p, struct rv_str path,
			      struct rv_buf *out)
{
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	struct rv_git_oid oid;
	struct rv_str bytes;
	uint32_t mode = 0;

	return rv_is_ok(rv_repo_entry(p->view->reader, p->view->git->oid_len, p->tree, path, &oid,
				      &mode)) &&
	       rv_git_mode_is(mode, RV_GIT_MODE_LINK) &&
	       rv_is_ok(rv_git_read(p->view->reader, &oid, &type, &bytes)) &&
	       rv_is_ok(rv_buf_put(out, bytes.data, bytes.len));
}

/* The target, if it is a link that can be read. */
static bool read_link(const struct rv_linked_place *p, const char *path, struct rv_buf *out)
{
	struct rv_str name = rv_str_of(path);

	return p->view ? read_link_of_tree(p, name, out)
		       : rv_is_ok(rv_git_link_in(p->work_tree, name, out));
}

static rv_status give_up(void)
{
	return rv_fail(RV_CLASS_CONFLICT, NULL, "a link that leads out of the tree");
}

/* What is to go then: the link's target, and what came behind it. */
static rv_status turn_off(struct following *f, struct rv_buf *target, const char *behind)
{
	if (f->named)
		RV_TRY(rv_named_add(f->named, f->done));
	rv_status s = rv_buf_printf(target, "/%s", behind);
	const char *all = rv_is_ok(s) ? rv_buf_cstr(target) : NULL;

	if (!all || ++f->hops > RV_LINKED_HOPS_MAX || all[0] == '/' ||
	    strlen(all) >= sizeof(f->rest))
		return give_up();
	(void)snprintf(f->rest, sizeof(f->rest), "%s", all); /* fits */
	return RV_OK;
}

static void go_up(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* One part of the path; `behind` is what comes after it. */
static rv_status step(struct following *f, const char *part, size_t len, const char *behind)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf target = {0};
	size_t at = strlen(f->done);

	if (len == 0 || (len == 1 && part[0] == '.')) {
		memmove(f->rest, behind, strlen(behind) + 1);
		return RV_OK;
	}
	if (len == 2 && memcmp(part, "..", 2) == 0) {
		if (at == 0)
			return give_up();
		go_up(f->done);
		memmove(f->rest, behind, strlen(behind) + 1);
		return RV_OK;
	}
	if (at + len + 2 > RV_LINKED_MAX)
		return give_up();
	if (at > 0)
		f->done[at++] = '/';
	memcpy(f->done + at, part, len);
	f->done[at + len] = '\0';
	rv_buf_init(&target, (size_t)2 * RV_LINKED_MAX);
	if (!read_link(f->place, f->done, &target)) {
		memmove(f->rest, behind, strlen(behind) + 1);
		return RV_OK;
	}
	RV_TRY(turn_off(f, &target, behind));
	go_up(f->done);
	return RV_OK;
}

rv_status rv_linked_follow(const struct rv_linked_place *place, const char *path,
			   struct rv_named *named, char out[RV_LINKED_MAX])
{
	struct following f = {.place = place, .named = named, .done = out};

	out[0] = '\0';
	if (strlen(path) >= sizeof(f.rest))
		return give_up();
	(void)snprintf(f.rest, sizeof(f.rest), "%s", path); /* fits */
	while (f.rest[0]) {
		size_t len = strcspn(f.rest, "/");

		RV_TRY(step(&f, f.rest, len, f.rest + len + (f.rest[len] == '/')));
	}
	return f.hops > 0 && named ? rv_named_add(named, out) : RV_OK;
}

rv_status rv_linked_read(const struct rv_linked_place *place, const char *path,
			 struct rv_named *named, size_t max, struct rv_buf *out)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	char real[RV_LINKED_MAX];

	RV_TRY(rv_linked_follow(place, path, named, real));
	if (place->view)
		return rv_repo_file(place->view, place->tree, rv_str_of(real), max, out);
	RV_TRY(rv_git_open_in(place->work_tree, rv_str_of(real), &fd));
	return rv_fd_read_all(fd, out, NULL);
}
