"""Policies with the real agent: what is in force, what is refused, what is said about it."""
import contextlib
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rotate"))
from estate import Estate, eventually, skip  # noqa: E402

BROKEN = """version: 1
policies:
  - name: typo
    why: everybody makes one
    match: {kind: token}
    requre: {max_age: 1d}
"""
SECOND = """version: 1
policies:
  - name: second
    why: another
    match: {kind: token}
"""


@contextlib.contextmanager
def agent():
    with Estate(BIN, PLUGINS) as e:
        e.make()
        e.start_agent()
        yield e


def in_force(e):
    return e.reeve("status")[1]["policy"]


def events(e, kind):
    return [json.loads(row[0])
            for row in e.db("SELECT event FROM audit WHERE type = ? ORDER BY seq", kind)]


def explains_with_places():
    with agent() as e:
        e.prepare()
        code, data, _ = e.reeve("policy", "explain", e.seen(e.crt))
        assert code == 0 and data["verdict"]["acting"] == "web", data
        assert data["verdict"]["owner"]["team"] == "web-platform", data
        rows = {r["field"]: r for r in data["effective"] if r["in_force"]}
        assert rows["rotate.with"]["value"] == "web-ca", rows
        assert rows["rotate.with"]["file"].endswith("/policies.d/web.yaml"), rows
        assert rows["rotate.with"]["line"] == 7, rows
        assert [m["policy"] for m in data["matched"]] == ["web"], data["matched"]
        code, data, _ = e.reeve("why", e.seen(e.crt))
        assert data["credential"]["policy"] == "web", data


def broken_set_stays_out():
    with agent() as e:
        before = in_force(e)
        e.write("etc/policies.d/50-typo.yaml", BROKEN)
        for words in (("policy", "lint"), ("policy", "reload")):
            code, data, _ = e.reeve(*words, check=False)
            text = data["error"]["text"]
            assert code == 2, (words, code)
            assert "50-typo.yaml:6:5: unknown key \"requre\"; did you mean require?" in text, text
        after = in_force(e)
        assert after["set"] == before["set"] and "50-typo.yaml:6:5" in after["error"], after
        assert events(e, "policy_refused")[-1]["data"]["in_force"] == before["set"]
        code, data, _ = e.reeve("doctor", check=False)
        red = [c for c in data["checks"] if c["name"] == "policy"]
        assert code == 1 and not red[0]["ok"] and red[0]["next"], data
        # An agent that starts with a broken set runs, and acts on nothing.
        e.stop_agent()
        e.start_agent()
        assert "50-typo.yaml:6:5" in in_force(e)["error"]
        os.unlink(e.path("etc/policies.d/50-typo.yaml"))
        e.reeve("policy", "reload", check=False)
        assert in_force(e)["error"] is None and in_force(e)["set"] == before["set"]


def hangup_loads_a_new_set():
    with agent() as e:
        before = in_force(e)["set"]
        e.write("etc/policies.d/60-second.yaml", SECOND)
        assert in_force(e)["set"] == before
        e.agent.send_signal(signal.SIGHUP)
        eventually(lambda: in_force(e)["set"] != before, 10, "the new set is in force")
        assert in_force(e)["policies"] == 2
        assert events(e, "policy_loaded")[-1]["data"]["set"] == in_force(e)["set"]


def lint_is_red():
    with agent() as e:
        code, data, _ = e.reeve("policy", "lint", check=False)
        assert code == 0, data  # hook, unit and instance are granted and there
        text = open(e.path("etc/policies.d/web.yaml")).read()
        e.write("etc/policies.d/web.yaml", text.replace("web-ca", "web-cb").replace(
            "nginx.service", "other.service"))
        code, data, _ = e.reeve("policy", "lint", check=False)
        codes = sorted(f["code"] for f in data["findings"] if f["level"] == "error")
        assert code == 1 and codes == ["not-granted", "unknown-instance"], data
        assert not data["in_force"], data
        assert any("did you mean web-ca?" in f["text"] for f in data["findings"]), data


def only_the_operator_reloads():
    if os.getuid() != 0:
        skip("needs root: asks as another user")
    with agent() as e:
        before = in_force(e)["set"]
        e.write("etc/policies.d/60-second.yaml", SECOND)
        os.chmod(e.path("run"), 0o755)
        os.chmod(e.path("run/control.sock"), 0o666)  # the agent itself must refuse
        done = subprocess.run(
            [os.path.join(e.bin, "reeve"), "--json", "--socket", e.path("run/control.sock"),
             "policy", "reload"], capture_output=True, text=True, timeout=30, env={},
            user=65534, group=65534, extra_groups=[])
        assert done.returncode != 0, (done.stdout, done.stderr)
        assert in_force(e)["set"] == before
        e.reeve("policy", "reload", check=False)
        assert in_force(e)["set"] != before


def altered_plan():
    with agent() as e:
        e.start_nginx()
        e.prepare()
        plan = e.path("plan.json")
        text = json.dumps(e.reeve("plan", e.seen(e.crt))[1]["plan"])
        assert e.test in text, text
        with open(plan, "w") as f:
            f.write(text.replace(e.test, "true"))
        code, error, _ = e.reeve("apply", plan, check=False)
        assert code == 2 and "altered" in error["error"]["text"], (code, error)
        assert e.db("SELECT count(*) FROM run") == [(0,)]


def schema_is_the_published_one():
    with agent() as e:
        done = subprocess.run([os.path.join(e.bin, "reeve"), "--socket",
                               e.path("run/control.sock"), "policy", "schema"],
                              capture_output=True, text=True, timeout=30, env={})
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "../../../policies/policy.schema.json")) as f:
            assert json.loads(done.stdout) == json.load(f), done.stdout[:200]


if __name__ == "__main__":
    BIN, PLUGINS, case = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
    globals()[case]()
    print("ok: " + case)
