/* bind: known accounts and files of Debian and its relatives. Data, not judgement. */
#include "agent/bind/known.h"

#include "agent/base/path.h"

#include <stdio.h>

#define STATIC_UID_MAX 99
#define NOBODY_UID     65534

static const struct {
	const char *name; /* a trailing '*' stands for any rest */
	const char *package;
} accounts[] = {
	{"_apt", "apt"},
	{"_chrony", "chrony"},
	{"_flatpak", "flatpak"},
	{"avahi*", "avahi-daemon"},
	{"bind", "bind9"},
	{"colord", "colord"},
	{"Debian-exim", "exim4-base"},
	{"Debian-snmp", "snmpd"},
	{"dnsmasq", "dnsmasq-base"},
	{"fwupd-refresh", "fwupd"},
	{"geoclue", "geoclue-2.0"},
	{"haproxy", "haproxy"},
	{"landscape", "landscape-common"},
	{"lightdm", "lightdm"},
	{"lxd", "lxd"},
	{"messagebus", "dbus"},
	{"mysql", "mysql-common"},
	{"ntp", "ntp"},
	{"ntpsec", "ntpsec"},
	{"pollinate", "pollinate"},
	{"polkitd", "polkitd"},
	{"postfix", "postfix"},
	{"postgres", "postgresql-common"},
	{"pulse", "pulseaudio"},
	{"redis", "redis-server"},
	{"rtkit", "rtkit"},
	{"saned", "sane-utils"},
	{"speech-dispatcher", "speech-dispatcher"},
	{"sshd", "openssh-server"},
	{"sssd", "sssd-common"},
	{"statd", "nfs-common"},
	{"syslog", "rsyslog"},
	{"systemd-*", "systemd"},
	{"tcpdump", "tcpdump"},
	{"tss", "tpm-udev"},
	{"usbmux", "usbmuxd"},
	{"uuidd", "uuid-runtime"},
	{"whoopsie", "whoopsie"},
	{"www-data", "base-passwd"},
	{"reeve*", "reeve"},
};

const char *rv_known_account(const char *name, uint32_t uid)
{
	if (uid <= STATIC_UID_MAX || uid == NOBODY_UID)
		return "base-passwd";
	if (uid >= 1000)
		return NULL;
	for (size_t i = 0; i < RV_LEN(accounts); i++)
		if (rv_glob_match(rv_str_of(accounts[i].name), rv_str_of(name)))
			return accounts[i].package;
	return NULL;
}

static const struct {
	const char *glob;
	const char *package;
	const char *text;
} files[] = {
	{"/etc/ssl/certs/ssl-cert-snakeoil.pem", "ssl-cert",
	 "a self-signed certificate the package ssl-cert makes at installation"},
	{"/etc/ssl/private/ssl-cert-snakeoil.key", "ssl-cert",
	 "the key of the self-signed certificate of the package ssl-cert"},
	{"/etc/ssh/ssh_host_*_key", "openssh-server",
	 "a host key of sshd, made at installation: it is this host's identity"},
	{"/etc/ssl/certs/ca-certificates.crt", "ca-certificates", "the host's trust store"},
	{"/etc/ssl/certs/*.[01]", "ca-certificates", "the host's trust store"},
	{"/usr/share/ca-certificates/**", "ca-certificates", "the host's trust store"},
	{"/etc/ssl/certs/java/cacerts", "ca-certificates-java", "the trust store of Java"},
	{"/etc/pki/**/tls-ca-bundle.pem", "ca-certificates", "the host's trust store"},
};

const char *rv_known_file(struct rv_str path, const char **out_text)
{
	for (size_t i = 0; i < RV_LEN(files); i++) {
		if (!rv_glob_match(rv_str_of(files[i].glob), path))
			continue;
		*out_text = files[i].text;
		return files[i].package;
	}
	return NULL;
}

static const struct {
	const char *marker;  /* the library's name is the next component */
	const char *manager; /* "" names nothing more: the marker itself is the library */
} libraries[] = {
	{"/site-packages/", "pip"}, {"/dist-packages/", "pip"},
	{"/node_modules/", "npm"},  {"/.cargo/registry/", "cargo"},
	{"/go/pkg/mod/", "go"},	    {"/usr/local/go/", "go"},
	{"/gems/", "gem"},	    {"/.pyenv/versions/", "pyenv"},
};

void rv_known_library(struct rv_str path, char *out, size_t size)
{
	out[0] = '\0';
	for (size_t i = 0; i < RV_LEN(libraries); i++) {
		size_t len = strlen(libraries[i].marker);
		const uint8_t *at = memmem(path.data, path.len, libraries[i].marker, len);
		if (!at)
			continue;
		const uint8_t *name = at + len;
		size_t left = path.len - (size_t)(name - path.data);
		const uint8_t *end = memchr(name, '/', left);
		if (!end)
			continue; /* a file of the folder itself, not of a library */
		char library[81] = "";
		size_t name_len = (size_t)(end - name);
		memcpy(library, name, name_len < 80 ? name_len : 80);
		(void)snprintf(out, size, "%s:%s", libraries[i].manager, library);
		return;
	}
}
