"""The GitHub action, GitLab job and Jenkins stage of policies/ci: their scripts, run with the
environment the service gives. Usage: test_services.py BIN CI CASE."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from planted import RULE, Repo, environment, skip, token  # noqa: E402

ZERO = "0" * 40


def blocks(path, key):
    """The texts of `key: |` and `- |` below `key:`, in order, without a YAML library."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for at, text in enumerate(lines):
        found = re.match(r"( *)(- )?" + key + r": *(\|)?$", text)
        if not found:
            continue
        start = at + 1 if found.group(3) else at + 2
        indent = len(lines[start]) - len(lines[start].lstrip())
        end = start
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * indent)):
            end += 1
        yield textwrap.dedent("\n".join(lines[start:end]))


class Change:
    """A clone as a CI job gets it: main, and a change to it with a secret."""

    def __init__(self, folder, program_dir, is_clean=False):
        self.folder, self.program_dir = folder, os.path.abspath(program_dir)
        self.repo = Repo(os.path.join(folder, "origin"), program_dir)
        self.secret = token()
        self.base = self.repo.commit("app.conf", "timeout = 30\n", "first")
        self.repo.git("checkout", "-q", "-b", "topic")
        text = "timeout = 40\n" if is_clean else f'timeout = 30\ntoken = "{self.secret}"\n'
        self.head = self.repo.commit("app.conf", text, "topic")

    def clone(self, *options):
        path = os.path.join(self.folder, "clone")
        shutil.rmtree(path, ignore_errors=True)
        self.repo.git("clone", "-q", *options, "file://" + self.repo.folder, path)
        return path

    def environment(self, **more):
        return environment(PATH=self.program_dir + os.pathsep + os.environ["PATH"], **more)


class Runner:
    """What GitHub does with a composite action's steps."""

    def __init__(self, change, action, clone):
        self.change, self.clone = change, clone
        self.install, self.scan = blocks(action, "run")
        self.output = os.path.join(change.folder, "output")
        self.path = os.path.join(change.folder, "path")
        for name in (self.output, self.path):
            with open(name, "w", encoding="utf-8"):
                pass

    def step(self, script, **inputs):
        env = self.change.environment(GITHUB_OUTPUT=self.output, GITHUB_PATH=self.path, GITHUB_ACTIONS="true",
                                      RUNNER_TEMP=self.change.folder, CI="true", **inputs)
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=self.clone,
                              env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                              check=False)
        assert self.change.secret not in done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    def run(self, base, **inputs):
        code, told = self.step(self.install, REEVE_VERSION="installed")
        assert code == 0, told
        with open(self.path, encoding="utf-8") as file:
            assert file.read() == ""
        given = {"REEVE_BASE": base, "REEVE_CONFIG": "", "REEVE_BASELINE": "", "REEVE_ARGS": "",
                 "REEVE_SARIF": "reeve.sarif", "GITHUB_EVENT_NAME": "pull_request", **inputs}
        code, told = self.step(self.scan, **given)
        with open(self.output, encoding="utf-8") as file:
            assert f"exit-code={code}\n" == file.read().splitlines(True)[-1]
        return code, told

    def sarif(self):
        with open(os.path.join(self.clone, "reeve.sarif"), encoding="utf-8") as file:
            text = file.read()
        assert self.change.secret not in text
        return json.loads(text)["runs"][0]["results"]


def well_formed(folder, _program_dir, ci):
    _ = folder
    try:
        import yaml
    except ImportError:
        skip("this python3 has no yaml module")
    top = os.path.dirname(os.path.dirname(os.path.abspath(ci)))
    paths = [os.path.join(top, ".pre-commit-hooks.yaml")]
    for where, _, names in os.walk(ci):
        paths += [os.path.join(where, name) for name in names if name.endswith((".yml", ".yaml"))]
    assert len(paths) == 5, paths
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        document = yaml.safe_load(text)
        assert document, path
        code = "\n".join(line.split("#")[0] for line in text.splitlines())
        assert "pull_request_target" not in code and "secrets." not in code, path
        for step in (document.get("runs") or {}).get("steps", []) if isinstance(document, dict) else []:
            assert "${{" not in step["run"], "an expression in a script can run what the event says"
    hook, = yaml.safe_load(open(paths[0], encoding="utf-8"))
    assert os.access(os.path.join(top, hook["entry"]), os.X_OK), hook
    for name in ("workflow.yml", "code-scanning.yml"):
        with open(os.path.join(ci, "github", name), encoding="utf-8") as file:
            assert yaml.safe_load(file)["permissions"] == {"contents": "read"}


def github_pull_request(folder, program_dir, ci):
    change = Change(folder, program_dir)
    runner = Runner(change, os.path.join(ci, "github", "action.yml"), change.clone())
    code, told = runner.run(change.base)
    assert code == 1 and "::error file=app.conf,line=2" in told, told
    result, = runner.sarif()
    assert result["ruleId"] == RULE, result
    # Configuration of one's own, and more options.
    config = os.path.join(folder, "own.yaml")
    with open(config, "w", encoding="utf-8") as file:
        file.write("scan:\n  exclude: [app.conf]\n")
    code, told = runner.run(change.base, REEVE_CONFIG=config)
    assert code == 0 and not runner.sarif(), told
    code, told = runner.run(change.base, REEVE_ARGS="--exclude app.conf --strict")
    assert code == 0, told
    code, told = runner.run(change.base, REEVE_ARGS="--no-such-option")
    assert code == 2, told


def github_fork_edits_rules(folder, program_dir, ci):
    """What the change says about the gate does not count."""
    change = Change(folder, program_dir)
    change.repo.commit(".reeveignore", "*\n", "excuse")
    change.repo.commit(".reeve.yaml", f"scan:\n  disable: [{RULE}]\n", "excuse")
    runner = Runner(change, os.path.join(ci, "github", "action.yml"), change.clone())
    code, told = runner.run(change.base)
    assert code == 1 and "::error file=app.conf,line=2" in told, told


def github_push(folder, program_dir, ci):
    change = Change(folder, program_dir)
    runner = Runner(change, os.path.join(ci, "github", "action.yml"), change.clone())
    for first in (ZERO, "", "f" * 40):
        code, told = runner.run(first, GITHUB_EVENT_NAME="push")
        assert code == 1 and "app.conf" in told, told
    clean = Change(os.path.join(folder, "clean"), program_dir, is_clean=True)
    runner = Runner(clean, os.path.join(ci, "github", "action.yml"), clean.clone())
    code, told = runner.run(clean.base)
    assert code == 0 and runner.sarif() == [], told


def github_shallow(folder, program_dir, ci):
    change = Change(folder, program_dir)
    runner = Runner(change, os.path.join(ci, "github", "action.yml"), change.clone("--depth=1"))
    code, told = runner.run(change.base)
    assert code == 2 and "::error::" in told and "fetch-depth: 0" in told, told
    # A base that was fetched, but not how the two are related: the two are compared as they are.
    change.repo.git("-C", runner.clone, "fetch", "-q", "--depth=1", "origin", change.base,
                    GIT_ALLOW_PROTOCOL="file")
    code, told = runner.run(change.base)
    assert code == 1 and "::error file=app.conf,line=2" in told, told


def gitlab(folder, program_dir, ci):
    change = Change(folder, program_dir)
    job = os.path.join(ci, "gitlab", "reeve-scan.gitlab-ci.yml")
    script, = blocks(job, "script")

    def run(**env):
        done = subprocess.run(["sh", "-ec", script], cwd=clone, timeout=120, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False,
                              env=change.environment(REEVE_ARGS="", CI="true", **env))
        assert change.secret not in done.stdout
        return done.returncode, done.stdout

    for env in ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": change.base, "CI_COMMIT_BEFORE_SHA": ZERO},
                {"CI_COMMIT_BEFORE_SHA": change.base}, {"CI_COMMIT_BEFORE_SHA": ZERO},
                {"CI_COMMIT_BEFORE_SHA": "f" * 40}):
        clone = change.clone()
        code, told = run(**env)
        assert code == 1 and "app.conf" in told and RULE in told, told
        with open(os.path.join(clone, "gl-secret-detection-report.json"), encoding="utf-8") as file:
            report = file.read()
        found, = json.loads(report)["vulnerabilities"]
        assert change.secret not in report and found["location"]["file"] == "app.conf", found
        suites = xml.etree.ElementTree.parse(os.path.join(clone, "reeve-junit.xml")).getroot()
        assert len(list(suites.iter("failure"))) == 1
    code, told = run(CI_MERGE_REQUEST_DIFF_BASE_SHA=change.head)
    assert code == 0, told
    code, told = run(CI_MERGE_REQUEST_DIFF_BASE_SHA="f" * 40)
    assert code == 2, told


def jenkins(folder, program_dir, ci):
    change = Change(folder, program_dir)
    with open(os.path.join(ci, "jenkins", "Jenkinsfile"), encoding="utf-8") as file:
        script, = re.findall(r"sh '''(.*?)'''", file.read(), re.S)
    clone = change.clone()
    change.repo.git("-C", clone, "update-ref", "refs/remotes/origin/main", change.base)
    for env, want in (({"CHANGE_TARGET": "main"}, 1), ({}, 1),
                      ({"GIT_PREVIOUS_SUCCESSFUL_COMMIT": change.base}, 1),
                      ({"GIT_PREVIOUS_SUCCESSFUL_COMMIT": change.head}, 0)):
        done = subprocess.run(["sh", "-xe", "-c", script], cwd=clone, timeout=120, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, env=change.environment(**env))
        assert done.returncode == want and change.secret not in done.stdout, (env, done.stdout)
        suites = xml.etree.ElementTree.parse(os.path.join(clone, "reeve-junit.xml")).getroot()
        assert len(list(suites.iter("failure"))) == want


CASES = [well_formed, github_pull_request, github_fork_edits_rules, github_push, github_shallow, gitlab, jenkins]


def main():
    if not shutil.which("git") or not shutil.which("bash"):
        skip("git or bash is not installed")
    case = {c.__name__: c for c in CASES}[sys.argv[3]]
    with tempfile.TemporaryDirectory() as folder:
        case(folder, sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    main()
