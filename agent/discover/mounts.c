/* discover (open side): file system types. */
#include "agent/discover/mounts.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

static const char *const remote_names[] = {
	"nfs",	     "nfs4",	 "cifs",   "smb3",   "smbfs", "ncpfs", "afs",
	"coda",	     "9p",	 "ceph",   "gfs",    "gfs2",  "ocfs2", "lustre",
	"glusterfs", "orangefs", "beegfs", "autofs", "davfs", "pvfs2", "virtiofs"};
static const char *const pseudo_names[] = {
	"proc",	     "sysfs",	"cgroup",     "cgroup2", "devpts",	"devtmpfs",
	"debugfs",   "tracefs", "securityfs", "pstore",	 "bpf",		"configfs",
	"efivarfs",  "mqueue",	"hugetlbfs",  "fusectl", "binfmt_misc", "rpc_pipefs",
	"selinuxfs", "nsfs",	"sockfs",     "pipefs",	 "anon_inodefs"};

static bool is_in(const char *const *list, size_t count, struct rv_str name)
{
	for (size_t i = 0; i < count; i++) {
		if (rv_str_is(name, list[i]))
			return true;
	}
	return false;
}

enum rv_fs rv_fs_of_name(struct rv_str name)
{
	if (is_in(remote_names, RV_LEN(remote_names), name))
		return RV_FS_REMOTE;
	if (is_in(pseudo_names, RV_LEN(pseudo_names), name))
		return RV_FS_PSEUDO;
	/* "fuseblk" is a local disk by way of a user's process all the same. */
	if (rv_str_is(name, "fuse") || rv_str_is(name, "fuseblk") ||
	    rv_str_starts_with(name, "fuse."))
		return RV_FS_FUSE;
	return RV_FS_LOCAL;
}

enum rv_fs rv_fs_of_magic(uint64_t magic)
{
	switch (magic) {
	case 0x6969:	 /* NFS */
	case 0xff534d42: /* CIFS */
	case 0xfe534d42: /* SMB2 */
	case 0x517b:	 /* SMB */
	case 0x5346414f: /* AFS */
	case 0x73757245: /* CODA */
	case 0x01021997: /* 9P */
	case 0x00c36400: /* CEPH */
	case 0x01161970: /* GFS2 */
	case 0x7461636f: /* OCFS2 */
	case 0x0bd00bd0: /* LUSTRE */
	case 0x0187:	 /* AUTOFS */
		return RV_FS_REMOTE;
	case 0x65735546: /* FUSE */
		return RV_FS_FUSE;
	case 0x9fa0:	 /* PROC */
	case 0x62656572: /* SYSFS */
	case 0x27e0eb:	 /* CGROUP */
	case 0x63677270: /* CGROUP2 */
	case 0x1cd1:	 /* DEVPTS */
	case 0x64626720: /* DEBUGFS */
	case 0x74726163: /* TRACEFS */
	case 0x73636673: /* SECURITYFS */
	case 0x6165676c: /* PSTORE */
	case 0xcafe4a11: /* BPF */
	case 0x62656570: /* CONFIGFS */
	case 0xde5e81e4: /* EFIVARFS */
	case 0x19800202: /* MQUEUE */
	case 0x958458f6: /* HUGETLBFS */
	case 0x42494e4d: /* BINFMT_MISC */
	case 0xf97cff8c: /* SELINUX */
	case 0x6e736673: /* NSFS */
		return RV_FS_PSEUDO;
	default: /* outside data: disks have many numbers */
		return RV_FS_LOCAL;
	}
}

static struct rv_str take_word(struct rv_str *line)
{
	const uint8_t *space = line->len > 0 ? memchr(line->data, ' ', line->len) : NULL;
	size_t len = space ? (size_t)(space - line->data) : line->len;
	size_t step = space ? len + 1 : len;
	struct rv_str word = {line->data, len};

	*line = (struct rv_str){line->data + step, line->len - step};
	return word;
}

static bool number(struct rv_str *text, unsigned *out)
{
	unsigned long v = 0;
	size_t n = 0;

	while (n < text->len && n < 10 && isdigit(text->data[n]))
		v = v * 10 + (unsigned long)(text->data[n++] - '0');
	*text = (struct rv_str){text->data + n, text->len - n};
	*out = (unsigned)v;
	return n > 0;
}

/* "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw" */
static bool parse_line(struct rv_str line, dev_t *out_dev, enum rv_fs *out_fs)
{
	unsigned major = 0;
	unsigned minor = 0;

	(void)take_word(&line); /* mount id */
	(void)take_word(&line); /* parent id */
	struct rv_str dev = take_word(&line);
	if (!number(&dev, &major) || dev.len == 0 || dev.data[0] != ':')
		return false;
	dev = (struct rv_str){dev.data + 1, dev.len - 1};
	if (!number(&dev, &minor))
		return false;
	while (line.len > 0) {
		if (!rv_str_is(take_word(&line), "-"))
			continue;
		*out_dev = makedev(major, minor);
		*out_fs = rv_fs_of_name(take_word(&line));
		return true;
	}
	return false;
}

rv_status rv_mounts_parse(struct rv_str text, struct rv_mounts *out)
{
	struct rv_mounts m = {0};

	m.list = calloc(RV_MOUNTS_MAX, sizeof(*m.list));
	if (!m.list)
		return rv_fail_nomem(NULL);
	while (text.len > 0 && m.count < RV_MOUNTS_MAX) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		size_t step = end ? len + 1 : len;

		m.count += parse_line((struct rv_str){text.data, len}, &m.list[m.count].dev,
				      &m.list[m.count].fs);
		text = (struct rv_str){text.data + step, text.len - step};
	}
	*out = m;
	return RV_OK;
}

void rv_mounts_done(struct rv_mounts *m)
{
	free(m->list);
	*m = (struct rv_mounts){0};
}

enum rv_fs rv_mounts_fs(const struct rv_mounts *m, dev_t dev)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->list[i].dev == dev)
			return m->list[i].fs;
	}
	return RV_FS_UNKNOWN;
}
