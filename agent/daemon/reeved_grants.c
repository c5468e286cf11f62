/* daemon: the grants file: who may own it, reading it, telling the engine. */
#include "agent/daemon/reeved.h"

#include "agent/base/fd.h"
#include "agent/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Owned by root (or by us, when we are not root) and writable by nobody else. */
static rv_status check_owner(int fd, const char *what, struct rv_diag *diag)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "%s", what);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		rv_diag_next(diag, "chown root %s; chmod go-w %s", what, what);
		return rv_fail(RV_CLASS_DENIED, diag,
			       "%s can be written by others than root: no grant is in force", what);
	}
	return RV_OK;
}

static rv_status load(struct sup *sup, struct rv_grants *out, struct rv_diag *diag)
{
	struct rv_buf text;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/grants", sup->opt.config); /* too long: not found */
	RV_CLEANUP(rv_fd_closep)
	int dir = open(sup->opt.config, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	RV_CLEANUP(rv_fd_closep)
	int fd = dir < 0 ? -1 : openat(dir, "grants", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return rv_fail_errno(diag, "%s", path);
	RV_TRY(check_owner(dir, sup->opt.config, diag));
	RV_TRY(check_owner(fd, path, diag));
	rv_buf_init(&text, RV_GRANTS_BYTES);
	rv_status s = rv_fd_read_all(fd, &text, diag);

	if (rv_is_ok(s))
		s = rv_grants_parse(rv_buf_view(&text), path, out, diag);
	rv_buf_done(&text);
	return s;
}

void sup_grants_load(struct sup *sup)
{
	struct rv_grants grants = {0};
	struct rv_diag diag = {0};
	rv_status s = load(sup, &grants, &diag);

	rv_grants_done(&sup->grants);
	sup->grants_error[0] = '\0';
	if (rv_is_ok(s)) {
		sup->grants = grants;
		return;
	}
	if (rv_class_of(s) == RV_CLASS_NOT_FOUND)
		return; /* nothing granted: Reeve looks and reports */
	(void)snprintf(sup->grants_error, sizeof(sup->grants_error), "%.500s", diag.text);
	rv_log(RV_ERROR, "grants refused, none is in force", "why", diag.text, "next", diag.next,
	       NULL);
}

static rv_status list_lines(const struct rv_grants *grants, struct rv_buf *list)
{
	struct rv_buf line;
	rv_status s = RV_OK;

	rv_buf_init(&line, 8192);
	for (size_t i = 0; rv_is_ok(s) && i < grants->count; i++) {
		rv_buf_reset(&line);
		s = rv_grant_line(&grants->list[i], &line);
		struct rv_rec_text_item item = {.text = rv_buf_view(&line)};

		if (rv_is_ok(s))
			s = rv_list_add(list, &rv_desc_text_item, &item);
	}
	rv_buf_done(&line);
	return s;
}

void sup_grants_answer(struct sup *sup, const struct rv_frame *frame)
{
	struct rv_buf list;

	rv_buf_init(&list, 60000);
	if (!rv_is_ok(list_lines(&sup->grants, &list))) {
		rv_buf_reset(&list);
		(void)snprintf(sup->grants_error, sizeof(sup->grants_error),
			       "the grants do not fit into one message");
	}
	struct rv_rec_grants body = {.lines = rv_buf_view(&list),
				     .is_root = sup->is_root,
				     .pid = (uint64_t)getpid(),
				     .error = rv_str_of(sup->grants_error)};

	sup_answer(sup, RV_MSG_grants, frame->header.req, frame->header.job, &body, -1);
	rv_buf_done(&list);
}
