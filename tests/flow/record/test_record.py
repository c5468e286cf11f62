"""The agent's record and its plugins, with the real agent: evidence that verifies elsewhere, a record
that was meddled with, plugins that are not what was granted, that crash, that hang.
Usage: test_record.py BIN PLUGINS FAKES CASE."""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rotate"))
from estate import Estate, served  # noqa: E402


def verify(estate, bundle, *args):
    done = subprocess.run([os.path.join(estate.bin, "reeve-verify"), "--json", *args, bundle],
                          capture_output=True, text=True, timeout=60, env={})
    return done.returncode, json.loads(done.stdout)["data"] if done.stdout else {}


def evidence_key(estate):
    return estate.reeve("status")[1]["evidence"]["key"]


def export(estate, name, *args, check=True):
    path = estate.path(name)
    code, data, err = estate.reeve("evidence", "export", "--output", path, *args, check=check)
    return code, path, data, err


def with_own_plugins(estate):
    """A private copy of the plugin directory."""
    own = estate.path("plugins")
    shutil.copytree(estate.plugins, own)
    estate.plugins = own


def grant(estate, name, profile, path):
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    with open(estate.path("etc/grants"), "a") as f:
        f.write("plugin %s %s %s\n" % (name, profile, digest))


def case_evidence_verifies(estate, fakes):
    estate.make()
    estate.start_nginx()
    estate.start_agent()
    estate.prepare()
    code, data, _ = estate.reeve("rotate", estate.seen(estate.crt))
    run = data["run"]["run"] if isinstance(data["run"], dict) else data["run"]
    key = evidence_key(estate)
    status = estate.reeve("status")[1]["evidence"]
    assert status["signed_to"] == status["events"], "the head was not signed at the run's end"
    _, path, _, _ = export(estate, "all.jsonl")
    code, seen = verify(estate, path, "--key", key)
    assert code == 0 and seen["verified"], seen
    mine = [r for r in seen["runs"] if r["run"] == run]
    assert mine and mine[0]["grade"] == "unserved", seen["runs"]
    # A second rotation: now the old one is our own, and the issuer lists it.
    _, data, _ = estate.reeve("rotate", estate.seen(estate.crt))
    _, path, _, _ = export(estate, "all.jsonl")
    code, seen = verify(estate, path, "--key", key)
    assert code == 0 and sorted(r["grade"] for r in seen["runs"]) == ["revoked", "unserved"], seen
    # The part about one credential verifies too, and says where it begins.
    _, part, _, _ = export(estate, "part.jsonl", estate.seen(estate.crt))
    code, seen = verify(estate, part, "--key", key)
    assert code == 0 and seen["first"] > 1, seen
    # Meddling, and the wrong key.
    with open(path, "rb") as f:
        whole = bytearray(f.read())
    for at in range(1, len(whole), 997):
        whole[at] ^= 1
        with open(estate.path("bad.jsonl"), "wb") as f:
            f.write(whole)
        whole[at] ^= 1
        assert verify(estate, estate.path("bad.jsonl"), "--key", key)[0] == 1, at
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert verify(estate, path, "--key", wrong)[0] == 1
    assert verify(estate, path)[0] == 1
    assert verify(estate, path, "--key", key, "--at-least", "999999")[0] == 1


def case_meddling_is_noticed_here_too(estate, fakes):
    estate.make()
    estate.start_nginx()
    estate.start_agent()
    estate.prepare()
    key = evidence_key(estate) if "key" in estate.reeve("status")[1]["evidence"] else None
    export(estate, "before.jsonl")
    key = key or evidence_key(estate)
    estate.stop_agent()
    for root, _, files in os.walk(estate.path("state")):
        if "reeve.db" in files:
            db = sqlite3.connect(os.path.join(root, "reeve.db"))
    try:
        db.execute("UPDATE audit SET type = 'x' WHERE seq = 2")
        raise SystemExit("an event could be changed without taking the trigger away")
    except sqlite3.DatabaseError:
        pass
    db.execute("DROP TRIGGER audit_stays")
    db.execute("UPDATE audit SET event = replace(event, '\"v\":1', '\"v\":2') WHERE seq = 2")
    db.commit()
    db.close()
    estate.start_agent()
    code, data, err = estate.reeve("doctor", check=False)
    chain = [c for c in data["checks"] if c["name"] == "audit chain"]
    assert code == 1 and chain and not chain[0]["ok"] and "event 2" in chain[0]["text"], (code, chain)
    code, _, _, err = export(estate, "after.jsonl", check=False)
    assert code != 0, "a damaged record was exported as if it were whole"
    # What was exported before still verifies: it does not depend on the host.
    assert verify(estate, estate.path("before.jsonl"), "--key", key)[0] == 0


def case_plugins_say_what_they_are(estate, fakes):
    estate.make()
    estate.start_agent()
    code, data, _ = estate.reeve("plugin", "list")
    named = {p["name"]: p for p in data["plugins"]}
    assert named["localca"]["ok"] and "create" in named["localca"]["verbs"], named
    assert named["probe"]["ok"] and named["probe"]["profile"] == "loopback", named
    assert estate.reeve("plugin", "check", "localca")[0] == 0
    code, _, err = estate.reeve("plugin", "check", "absent", check=False)
    assert code == 2 and "grants" in err + json.dumps(_), (code, _, err)
    estate.reeve("plugin", "init", "web-ca")
    code, again, _ = estate.reeve("plugin", "init", "web-ca", check=False)
    assert code == 4, (code, again)


def case_a_changed_plugin_is_refused(estate, fakes):
    with_own_plugins(estate)
    estate.make()
    estate.start_nginx()
    estate.start_agent()
    estate.prepare()
    before = served(estate.port)
    with open(os.path.join(estate.plugins, "localca.so"), "ab") as f:
        f.write(b"\0")
    code, data, _ = estate.reeve("plugin", "list", check=False)
    named = {p["name"]: p for p in data["plugins"]}
    assert code == 1 and not named["localca"]["ok"] and named["localca"]["text"], (code, named)
    assert named["probe"]["ok"], named
    code, data, err = estate.reeve("rotate", estate.seen(estate.crt), check=False)
    assert code != 0, data
    assert served(estate.port) == before, "a refused plugin changed what is served"
    assert estate.reeve("status")[0] == 0


def rotate_with_fake(estate, fakes, fault):
    """Rotates through an instance of a faulty provider; gives what came of it."""
    with_own_plugins(estate)
    estate.make()
    shutil.copy(os.path.join(fakes, fault, "fake.so"), os.path.join(estate.plugins, "fake.so"))
    grant(estate, "fake", "none", os.path.join(estate.plugins, "fake.so"))
    estate.write("etc/plugins.d/web-ca.yaml", "version: 1\ninstance: web-ca\nplugin: fake\n")
    estate.start_nginx()
    estate.start_agent()
    estate.reeve("discover", "--root", "/tls", "--root", "/private")
    before = served(estate.port)
    code, data, err = estate.reeve("rotate", estate.seen(estate.crt), check=False, timeout=150)
    assert code != 0, (code, data, err)
    said = json.dumps(data) + err
    assert served(estate.port) == before, "something was deployed after an unknown outcome"
    assert estate.reeve("status")[0] == 0, "the agent did not survive"
    events = json.dumps(estate.reeve("history", estate.seen(estate.crt))[1])
    _, path, _, _ = export(estate, "all.jsonl")
    assert verify(estate, path, "--key", evidence_key(estate))[0] == 0
    return said + events


def case_a_crashing_plugin_is_unknown(estate, fakes):
    rotate_with_fake(estate, fakes, "crash")


def case_a_hanging_plugin_is_unknown(estate, fakes):
    rotate_with_fake(estate, fakes, "hang")


def case_a_wrong_abi_is_said(estate, fakes):
    said = rotate_with_fake(estate, fakes, "wrong_abi")
    assert "ABI 2" in said, said


def main():
    bin_dir, plugins, fakes, name = sys.argv[1:5]
    estate = Estate(bin_dir, plugins)
    try:
        globals()["case_" + name](estate, fakes)
    except BaseException:
        if os.path.exists(estate.log):
            sys.stderr.write(estate.log_tail())
        raise
    finally:
        estate.close()


if __name__ == "__main__":
    main()
