/* discover (open side): which file systems may be looked at, known from mountinfo before anything
 * on them is touched. Not here: walking. */
#pragma once

#include "agent/base/buf.h"

#include <sys/types.h>

/* What a file system is for us. */
enum rv_fs {
	RV_FS_LOCAL = 1,
	RV_FS_REMOTE, /* a server may keep us waiting */
	RV_FS_FUSE,   /* so may a user's process */
	RV_FS_PSEUDO, /* the kernel's own: no files in it */
	RV_FS_UNKNOWN,
};

#define RV_MOUNTS_MAX 4096

struct rv_mounts {
	struct {
		dev_t dev;
		enum rv_fs fs;
	} * list;
	size_t count;
};

/* By the name of the type ("nfs4", "fuse.sshfs", "proc", "ext4"); LOCAL for names not known. */
enum rv_fs rv_fs_of_name(struct rv_str name);
/* By statfs.f_type; LOCAL for numbers not known. */
enum rv_fs rv_fs_of_magic(uint64_t magic);
/* The text of /proc/self/mountinfo. Lines that are none are passed over. */
RV_NODISCARD rv_status rv_mounts_parse(struct rv_str mountinfo, struct rv_mounts *out);
void rv_mounts_done(struct rv_mounts *mounts);
/* UNKNOWN when no mount has this device number (btrfs subvolumes). */
enum rv_fs rv_mounts_fs(const struct rv_mounts *mounts, dev_t dev);
