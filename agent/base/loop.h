/* base: one-threaded epoll loop with timers (CLOCK_BOOTTIME). No sleeps anywhere else. */
#pragma once

#include "agent/base/status.h"

struct rv_loop;

/* events: EPOLLIN | EPOLLOUT | EPOLLHUP as given by the kernel. */
typedef void rv_loop_fd_fn(struct rv_loop *loop, int fd, uint32_t events, void *user);
typedef void rv_loop_timer_fn(struct rv_loop *loop, void *user);

RV_NODISCARD rv_status rv_loop_new(struct rv_loop **out);
void rv_loop_free(struct rv_loop *loop); /* does not close the watched fds */
/* At most 1024 fds and 1024 timers. Borrows fd and user until removed. */
RV_NODISCARD rv_status rv_loop_add(struct rv_loop *loop, int fd, uint32_t events, rv_loop_fd_fn *fn,
				   void *user);
RV_NODISCARD rv_status rv_loop_change(struct rv_loop *loop, int fd, uint32_t events);
void rv_loop_remove(struct rv_loop *loop, int fd); /* safe inside its own callback */
/* One-shot, `after_us` from now; *out_id (never 0) cancels it. */
RV_NODISCARD rv_status rv_loop_after(struct rv_loop *loop, int64_t after_us, rv_loop_timer_fn *fn,
				     void *user, uint64_t *out_id);
void rv_loop_cancel(struct rv_loop *loop, uint64_t id); /* 0 and dead ids are fine */
/* Runs until rv_loop_stop(); returns its code. One step: waits at most max_wait_us (-1 for ever).
 */
int rv_loop_run(struct rv_loop *loop);
RV_NODISCARD rv_status rv_loop_step(struct rv_loop *loop, int64_t max_wait_us);
void rv_loop_stop(struct rv_loop *loop, int code);
/* A signalfd for SIGTERM, SIGINT, SIGHUP (and SIGCHLD when wanted) that stops nothing by itself. */
RV_NODISCARD rv_status rv_signal_fd(bool with_children, int *out_fd);
