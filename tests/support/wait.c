/* tests: free ports and bounded waiting. Not here: processes (run.c). */
#include "tests/support/run.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "tests/support/dir.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

int rvt_listen(uint16_t *out_port)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
	    listen(fd, 16) != 0 || getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		rvt_die("cannot listen on the loopback address");
	*out_port = ntohs(addr.sin_port);
	return fd;
}

uint16_t rvt_free_port(void)
{
	uint16_t port;
	int fd = rvt_listen(&port);

	rv_fd_closep(&fd);
	return port;
}

int rvt_connect(uint16_t port)
{
	struct sockaddr_in addr = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		rvt_die("cannot make a socket");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		rv_fd_closep(&fd);
	return fd;
}

bool rvt_eventually(bool (*is_so)(void *user), void *user, int deadline_ms)
{
	int64_t until_us = rv_boot_us() + (int64_t)deadline_ms * 1000;

	while (!is_so(user)) {
		if (rv_boot_us() >= until_us)
			return false;
		(void)poll(NULL, 0, 2); /* the step of the polling, not a guess at a duration */
	}
	return true;
}

bool rvt_port_accepts(void *port_u16)
{
	const uint16_t *port = port_u16;
	int fd = rvt_connect(*port);
	bool accepts = fd >= 0;

	rv_fd_closep(&fd);
	return accepts;
}
