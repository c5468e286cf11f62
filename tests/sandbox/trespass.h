/* tests: what a confined role may not do, each as one act. Private to tests/sandbox. */
#pragma once

#include "agent/role/start.h"

/* What the acts work on; made by the test before any confinement, open to every user, so that only
 * the walls can refuse. */
struct ground {
	char readable[256];  /* a file everyone may read and write */
	char directory[256]; /* everyone may write in it */
	char socket[256];    /* an AF_UNIX listener everyone may connect to */
	char program[256];   /* an executable that ends with 0 */
	char granted[256];   /* place's directory, engine's state, report's identity */
	char library[256];   /* a shared object with the function `answer` giving 42 */
	uint16_t port;	     /* a TCP listener on 127.0.0.1 */
	int32_t sibling;     /* a process of the same uid, to kill and trace */
	int library_fd;	     /* the library in a memfd */
	int granted_fd;	     /* O_PATH */
};

/* 0 when it was done, else errno. */
typedef int act_fn(const struct ground *g);

struct act {
	const char *name;
	act_fn *perform;
	unsigned allowed; /* bit per enum who: may do it, and must be able to */
	bool needs_root;  /* nobody can do it even without walls */
};

/* The jails under test: plughost once per profile, place once per kind of owner. */
enum who {
	WHO_ENGINE,
	WHO_OPEN,
	WHO_DISCOVER,
	WHO_BROKER,
	WHO_PLUGHOST_NONE,
	WHO_PLUGHOST_LOOPBACK,
	WHO_PLUGHOST_NET,
	WHO_PLACE,
	WHO_PLACE_ROOT, /* runs as uid 0 with CHOWN and FOWNER */
	WHO_REPORT,
	WHO__COUNT
};

extern const struct act acts[];
extern const size_t act_count;
