/* discover: takes what reeve-open hands over and says what was found, in the closed schema of
 * model/finding.h. Not here: channels (look.h), opening anything. */
#pragma once

#include "agent/base/secret.h"
#include "agent/ipc/frame.h"
#include "agent/scan/scan.h"

/* Where findings go: one call per found_* or not_looked record (struct rv_rec_<type>). Borrows the
 * record for the call. A failure ends the file and is returned. */
struct rv_sink {
	rv_status (*found)(void *user, enum rv_msg type, const void *record);
	void *user;
};

/* One for each process; holds about 6 MiB. Keys and scanner are shared and must outlive it. */
struct rv_intake;
RV_NODISCARD rv_status rv_intake_new(struct rv_scanner *scanner, const struct rv_secret *fleet,
				     const struct rv_secret *host, struct rv_sink sink,
				     struct rv_intake **out);
void rv_intake_free(struct rv_intake *in); /* wipes */
void rv_intake_freep(struct rv_intake **in);

/* Bytes of a file looked at in one piece; larger files in overlapping pieces. */
#define RV_INTAKE_PIECE	  (4U << 20)
#define RV_INTAKE_OVERLAP (192U << 10)

/* One file by its descriptor (borrowed). Reads it whole, or in pieces; not changed while reading is
 * checked by fstat before and after. Accounts are only kept until rv_intake_end(). */
RV_NODISCARD rv_status rv_intake_file(struct rv_intake *in, int fd,
				      const struct rv_rec_file_item *item);
RV_NODISCARD rv_status rv_intake_skipped(struct rv_intake *in,
					 const struct rv_rec_skipped_file *skipped);
RV_NODISCARD rv_status rv_intake_listener(struct rv_intake *in,
					  const struct rv_rec_seen_listener *seen);
/* A certificate that a listener served. */
RV_NODISCARD rv_status rv_intake_served(struct rv_intake *in,
					const struct rv_rec_parse_served *served);
/* The walk is over: emits the accounts, fills *out, and forgets what it kept. The ids in *out
 * borrow from `in`. */
RV_NODISCARD rv_status rv_intake_end(struct rv_intake *in, struct rv_rec_discovered *out);
/* Records told to the sink since the start or the last end. */
uint64_t rv_intake_findings(const struct rv_intake *in);
