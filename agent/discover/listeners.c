/* discover (open side): listening sockets by sock_diag, holders by /proc/PID/fd. */
#include "agent/discover/listeners.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/discover/procs.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENERS_MAX  4096
#define ANSWER_BYTES   32768
#define ANSWER_WAIT_MS 5000

struct listener {
	uint8_t addr[16];
	uint8_t addr_len;
	uint16_t port;
	uint64_t inode;
	uint32_t uid;
	bool is_held;
};

struct listeners {
	struct listener *list;
	size_t count;
	uint16_t port; /* 0: all */
};

static rv_status ask(int fd, uint8_t family, struct rv_diag *diag)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 req;
	} msg = {
		.header = {.nlmsg_len = sizeof(msg),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			   .nlmsg_seq = family},
		.req = {.sdiag_family = family,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = 1U << TCP_LISTEN},
	};
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};

	if (sendto(fd, &msg, sizeof(msg), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
		return rv_fail_errno(diag, "asking for listening sockets");
	return RV_OK;
}

static void add(struct listeners *all, const struct inet_diag_msg *m)
{
	uint16_t port = ntohs(m->id.idiag_sport);

	if (m->idiag_state != TCP_LISTEN || (all->port != 0 && port != all->port) ||
	    all->count == LISTENERS_MAX)
		return;
	struct listener *l = &all->list[all->count++];
	l->addr_len = m->idiag_family == AF_INET ? 4 : 16;
	memcpy(l->addr, m->id.idiag_src, l->addr_len);
	l->port = port;
	l->inode = m->idiag_inode;
	l->uid = m->idiag_uid;
}

/* One datagram of answers. *out_done: the dump of this family is over. */
static rv_status take_answers(struct listeners *all, const uint8_t *bytes, size_t len, uint32_t seq,
			      bool *out_done)
{
	while (len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;

		memcpy(&h, bytes, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len)
			return rv_fail(RV_CLASS_MALFORMED, NULL, "netlink");
		/* What is left of an earlier dump has another number. */
		bool is_ours = h.nlmsg_seq == seq;
		if (is_ours && (h.nlmsg_type == NLMSG_DONE || h.nlmsg_type == NLMSG_ERROR))
			*out_done = true;
		if (is_ours && h.nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		    h.nlmsg_len >= sizeof(h) + sizeof(struct inet_diag_msg)) {
			struct inet_diag_msg m;

			memcpy(&m, bytes + sizeof(h), sizeof(m));
			add(all, &m);
		}
		size_t step = NLMSG_ALIGN(h.nlmsg_len);
		step = step > len ? len : step;
		bytes += step;
		len -= step;
	}
	return RV_OK;
}

static rv_status dump(int fd, uint8_t family, struct listeners *all, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) uint8_t *bytes = malloc(ANSWER_BYTES);
	int64_t deadline = rv_boot_us() + INT64_C(1000) * ANSWER_WAIT_MS;
	bool is_done = false;

	if (!bytes)
		return rv_fail_nomem(diag);
	RV_TRY(ask(fd, family, diag));
	while (!is_done) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = (deadline - rv_boot_us()) / 1000;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return rv_fail(RV_CLASS_RETRY, diag, "no answer about listening sockets");
		ssize_t n = recv(fd, bytes, ANSWER_BYTES, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return rv_fail_errno(diag, "listening sockets");
		RV_TRY(take_answers(all, bytes, (size_t)n, family, &is_done));
	}
	return RV_OK;
}

static rv_status tell(struct rv_feed *feed, const struct listener *l, const struct rv_proc *proc,
		      bool accepts)
{
	struct rv_rec_seen_listener rec = {
		.addr = {l->addr, l->addr_len},
		.port = l->port,
		.socket_inode = l->inode,
		.pid = proc ? proc->pid : 0,
		.ppid = proc ? proc->ppid : 0,
		.started_us = proc ? proc->started_us : 0,
		.uid = proc ? proc->uid : l->uid,
		.exe = proc ? rv_str_of(proc->exe) : RV_STR_NONE,
		.unit = proc ? rv_str_of(proc->unit) : RV_STR_NONE,
		.accepts = accepts,
	};

	return rv_feed_listener(feed, &rec);
}

/* "socket:[4711]" */
static bool socket_inode(const char *link, uint64_t *out)
{
	if (strncmp(link, "socket:[", 8) != 0)
		return false;
	*out = strtoull(link + 8, NULL, 10);
	return *out != 0;
}

static int by_inode(const void *a, const void *b)
{
	const struct listener *x = a;
	const struct listener *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* One process: each of its descriptors that is one of the sockets, each socket once. */
static rv_status look_at_process(struct listeners *all, int dir_fd, uint32_t pid,
				 struct rv_feed *feed)
{
	RV_CLEANUP(rv_freep) struct rv_proc *proc = NULL;
	RV_CLEANUP(rv_fd_closep)
	int fds = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fds >= 0 ? fdopendir(fds) : NULL;
	const struct dirent *entry = NULL;
	rv_status s = RV_OK;
	uint64_t told[64];
	size_t told_count = 0;

	if (!dir)
		return RV_OK;  /* gone, or not ours to see: its sockets stay without a holder */
	(void)RV_TAKE_FD(fds); /* the stream has it now */
	while (rv_is_ok(s) && (entry = readdir(dir)) != NULL) {
		char link[64] = "";
		struct listener key = {0};
		bool is_told = false;

		if (readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1) <= 0 ||
		    !socket_inode(link, &key.inode))
			continue;
		struct listener *l =
			bsearch(&key, all->list, all->count, sizeof(*all->list), by_inode);
		for (size_t i = 0; i < told_count; i++)
			is_told |= told[i] == key.inode;
		if (!l || is_told)
			continue;
		if (!proc) {
			proc = calloc(1, sizeof(*proc));
			if (!proc || !rv_is_ok(rv_proc_read(dir_fd, pid, proc)))
				break;
		}
		l->is_held = true;
		if (told_count < RV_LEN(told))
			told[told_count++] = key.inode;
		s = tell(feed, l, proc,
			 rv_proc_accepts(dir_fd, (int)strtol(entry->d_name, NULL, 10), key.inode));
	}
	(void)closedir(dir); /* read-only */
	return s;
}

static rv_status look_at_processes(struct listeners *all, struct rv_feed *feed)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry = NULL;
	rv_status s = RV_OK;

	if (!proc)
		return RV_OK; /* every socket is then told without a holder */
	while (rv_is_ok(s) && (entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		RV_CLEANUP(rv_fd_closep)
		int dir_fd = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir_fd >= 0)
			s = look_at_process(all, dir_fd, (uint32_t)strtoul(entry->d_name, NULL, 10),
					    feed);
	}
	(void)closedir(proc); /* read-only */
	return s;
}

rv_status rv_listeners_tell(int diag_fd, uint16_t port, struct rv_feed *feed, struct rv_diag *diag)
{
	struct listeners all = {.port = port};

	if (diag_fd < 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "no socket for sock_diag was passed");
	RV_CLEANUP(rv_freep) struct listener *list = calloc(LISTENERS_MAX, sizeof(*list));
	if (!list)
		return rv_fail_nomem(diag);
	all.list = list;
	RV_TRY(dump(diag_fd, AF_INET, &all, diag));
	RV_TRY(dump(diag_fd, AF_INET6, &all, diag));
	qsort(list, all.count, sizeof(*list), by_inode);
	RV_TRY(look_at_processes(&all, feed));
	for (size_t i = 0; i < all.count; i++) {
		if (!list[i].is_held)
			RV_TRY(tell(feed, &list[i], NULL, true));
	}
	return RV_OK;
}
