"""A planted estate: what the flow tests of the engine look at. Secrets are made at run time."""

import os
import secrets
import string
import subprocess
import tempfile

# No account here has the uid of whoever runs the tests.
PASSWD = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
svc-report:x:998:998::/srv/report:/usr/sbin/nologin
svc-left:x:997:997::/srv/left:/usr/sbin/nologin
alice:x:41000:41000::/home/alice:/bin/bash
"""
SHADOW = """root:*:19700:0:99999:7:::
daemon:*:19700:0:99999:7:::
svc-report:!:19700:0:99999:7:::
svc-left:!:19700:0:99999:7:::
alice:!:19700:0:99999:7:::
"""
UNIT = """[Unit]
Description=Nightly report
[Service]
User=svc-report
EnvironmentFile=/srv/report/.env
ExecStart=/srv/report/run --tls /srv/report/tls.pem
WorkingDirectory=/srv/report
"""


def random_text(length, alphabet=string.ascii_letters + string.digits):
    return "".join(secrets.choice(alphabet) for _ in range(length))


def cloud_key():
    """A cloud access key id as a detector knows it, and its secret half; of no account."""
    return "AK" + "IA" + random_text(16, string.ascii_uppercase + "234567"), random_text(40)


def certificate(subject, names=(), days=30, key=None):
    """(certificate PEM, key PEM), self-signed; with `key` for an existing key."""
    with tempfile.TemporaryDirectory() as box:
        cert, path = os.path.join(box, "c"), os.path.join(box, "k")
        if key is None:
            subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-out", path], check=True, capture_output=True)
        else:
            with open(path, "wb") as out:
                out.write(key)
        command = ["openssl", "req", "-x509", "-key", path, "-out", cert, "-subj", subject,
                   "-days", str(days), "-addext", "basicConstraints=critical,CA:FALSE"]
        if names:
            command += ["-addext", "subjectAltName=" + ",".join("DNS:" + name for name in names)]
        subprocess.run(command, check=True, capture_output=True)
        with open(cert, "rb") as one, open(path, "rb") as other:
            return one.read(), other.read()


def authority(subject="/CN=Estate Root"):
    with tempfile.TemporaryDirectory() as box:
        cert, path = os.path.join(box, "c"), os.path.join(box, "k")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", path, "-out", cert, "-subj",
                        subject, "-days", "300"], check=True, capture_output=True)
        with open(cert, "rb") as one, open(path, "rb") as other:
            return one.read(), other.read()


def plant_host(agent):
    agent.plant("etc/passwd", PASSWD)
    agent.plant("etc/shadow", SHADOW, mode=0o600)
    agent.plant("etc/systemd/system/report.service", UNIT)


def find(items, path):
    """The credentials of a list seen at `path`."""
    return [one for one in items if path in one["where"]]


def the(items, path):
    found = find(items, path)
    assert len(found) == 1, f"{path}: {found}"
    return found[0]


def at_rest(items):
    """Without what other listeners of this machine serve just now."""
    return [one for one in items if not all(where.startswith("tls://") for where in one["where"])]
