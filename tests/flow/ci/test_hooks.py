"""The git hooks of policies/ci/git with real commits and real pushes. Usage: test_hooks.py BIN CI CASE."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from planted import RULE, Repo, skip, token  # noqa: E402

CLEAN = "timeout = 30\n"


def line(value, mark=""):
    return f'token = "{value}"{mark}\n'


class Stage:
    """A client with the pre-commit hook, a bare server with the pre-receive hook."""

    def __init__(self, folder, program_dir, hooks):
        self.program_dir = program_dir
        self.server = Repo(os.path.join(folder, "server.git"), program_dir, "--bare")
        self.client = Repo(os.path.join(folder, "a client"), program_dir)
        self.client.commit("app.conf", CLEAN, "first")
        self.client.git("remote", "add", "origin", self.server.folder)
        self.client.git("push", "-q", "origin", "main")
        self.hook(os.path.join(hooks, "pre-receive"), self.server.folder)
        self.pre_commit = os.path.join(hooks, "pre-commit")

    @staticmethod
    def hook(source, git_dir):
        folder = os.path.join(git_dir, "hooks")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(source, folder)

    def push(self, *refs, **env):
        done = self.client.try_git("push", "origin", *refs, **env)
        return done.returncode == 0, done.stderr

    def refused(self, secret, *refs):
        is_through, told = self.push(*refs)
        assert not is_through, told
        assert secret not in told, "the secret itself is told"
        assert RULE in told and "pre-receive hook declined" in told, told
        return told


def lines_of(told):
    """Of the report itself, without what git and the hook say."""
    kept = [text for text in told.splitlines() if "reeve: " not in text]
    return [text for text in kept if text.strip() not in ("", "remote:")]


def commit(stage, *words, **env):
    done = stage.client.try_git("commit", *words, **env)
    return done.returncode == 0, done.stdout + done.stderr


def pre_commit(stage):
    stage.hook(stage.pre_commit, os.path.join(stage.client.folder, ".git"))
    secret = token()

    def blocked(*words):
        is_done, told = commit(stage, *words)
        assert not is_done, (words, told)
        assert RULE in told and secret not in told, (words, told)
        return told

    stage.client.write("a.conf", line(secret))
    stage.client.git("add", "a.conf")
    told = blocked("-m", "added")
    assert "a.conf:1" in told and len(lines_of(told)) <= 10, told
    stage.client.git("reset", "-q", "--hard")
    # These two commit from an index of their own, not from .git/index.
    stage.client.write("app.conf", CLEAN + line(secret))
    told = blocked("-a", "-m", "all")
    assert "app.conf:2" in told and "/tmp" not in told, told
    blocked("-m", "named", "app.conf")
    folder = os.path.join(stage.client.folder, "deep", "er")
    os.makedirs(folder)
    told = stage.client.try_git("-C", folder, "commit", "-a", "-m", "from below")
    assert told.returncode != 0 and RULE in told.stdout + told.stderr, told
    # What is not committed does not count, nor what is marked or said in the configuration.
    stage.client.write("b.conf", CLEAN)
    stage.client.git("add", "b.conf")
    is_done, told = commit(stage, "-m", "clean")
    assert is_done, told
    stage.client.write("app.conf", CLEAN + line(secret, '  # reeve:allow reason="made for a test"'))
    is_done, told = commit(stage, "-a", "-m", "marked")
    assert is_done, told
    stage.client.write(".reeveignore", "c.conf\n")
    stage.client.write("c.conf", line(secret))
    stage.client.git("add", "c.conf")
    is_done, told = commit(stage, "-a", "-m", "ignored")
    assert is_done, told
    assert not [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("tmp.")], "left behind"


def pre_commit_worktree(stage):
    stage.hook(stage.pre_commit, os.path.join(stage.client.folder, ".git"))
    other = os.path.join(os.path.dirname(stage.client.folder), "linked")
    stage.client.git("worktree", "add", "-q", other)
    secret = token()
    with open(os.path.join(other, "app.conf"), "a", encoding="utf-8") as file:
        file.write(line(secret))
    for words in (["commit", "-a", "-m", "x"], ["-c", "x.y=z", "commit", "-m", "x", "app.conf"]):
        done = stage.client.try_git("-C", other, *words)
        told = done.stdout + done.stderr
        assert done.returncode != 0 and RULE in told and secret not in told, told
    stage.client.git("-C", other, "checkout", "-q", "app.conf")
    done = stage.client.try_git("-C", other, "commit", "--allow-empty", "-m", "x")
    assert done.returncode == 0, done.stderr


def pre_commit_without_reeve(stage):
    stage.hook(stage.pre_commit, os.path.join(stage.client.folder, ".git"))
    is_done, told = commit(stage, "--allow-empty", "-m", "x", REEVE="no-such-reeve")
    assert not is_done and "install" in told and "--no-verify" in told, told


def pre_receive(stage):
    secret = token()
    new = stage.client.commit("app.conf", CLEAN + line(secret), "adds")
    told = stage.refused(secret, "main")
    assert "app.conf:2" in told and "A. Uthor" in told and new[:12] in told, told
    assert len(lines_of(told.split("To ")[0])) <= 10, told
    assert stage.server.git("rev-parse", "main") != new
    # Taken back in a later commit of the same push: it could still be fetched.
    stage.client.commit("app.conf", CLEAN, "takes back")
    stage.refused(secret, "main")
    # Out of the history: goes through, and so does what comes after.
    stage.client.git("reset", "-q", "--hard", "origin/main")
    stage.client.commit("more.conf", CLEAN, "clean")
    is_through, told = stage.push("main")
    assert is_through, told
    is_through, told = stage.push("main")
    assert is_through, told


def pre_receive_refs(stage):
    secret = token()
    stage.client.git("checkout", "-q", "-b", "topic")
    stage.client.commit("t.conf", line(secret), "on a branch")
    stage.refused(secret, "topic")
    stage.client.git("tag", "-a", "-m", "tag", "v1")
    stage.refused(secret, "v1")
    # Two refs, one of them clean.
    stage.client.git("branch", "other", "main")
    stage.refused(secret, "other", "topic")
    # A tag of a blob, and of a tree: no commit has them.
    blob = stage.client.git("hash-object", "-w", "t.conf")
    stage.client.git("tag", "blob", blob)
    stage.refused(secret, "blob")
    stage.client.git("tag", "tree", "HEAD^{tree}")
    stage.refused(secret, "tree")
    # What the server has already is not looked at again, whatever name it gets; deleting is free.
    stage.client.git("branch", "again", "main")
    is_through, told = stage.push("again")
    assert is_through, told
    is_through, told = stage.push(":again")
    assert is_through, told
    # A forced push of another history.
    stage.client.git("checkout", "-q", "--orphan", "fresh")
    stage.client.git("commit", "-q", "-m", "fresh")
    stage.refused(secret, "+fresh:main")


def pre_receive_policy(stage):
    """The push cannot bring its own excuse, the base can have one."""
    secret = token()
    stage.client.commit(".reeveignore", "app.conf\n", "excuse")
    stage.client.commit("app.conf", CLEAN + line(secret), "adds")
    stage.refused(secret, "main")
    stage.client.git("checkout", "-q", "-b", "new")
    stage.refused(secret, "new")
    stage.client.git("checkout", "-q", "-B", "main", "HEAD~1")
    is_through, told = stage.push("main")
    assert is_through, told
    stage.client.git("checkout", "-q", "new")
    is_through, told = stage.push("new:main")
    assert is_through, told


def pre_receive_settings(stage):
    secret = token()
    stage.client.commit("app.conf", line(secret), "adds")
    stage.server.git("config", "reeve.program", "no-such-reeve")
    is_through, told = stage.push("main")
    assert not is_through and "could not look" in told, told
    stage.server.git("config", "--unset", "reeve.program")
    stage.server.git("config", "reeve.options", "--format bogus")
    is_through, told = stage.push("main")
    assert not is_through and "bogus" in told and "could not look" in told, told
    stage.server.git("config", "reeve.options", "--exclude app.conf")
    is_through, told = stage.push("main:excluded")
    assert is_through, told
    stage.server.git("push", ".", ":excluded")
    stage.server.git("config", "reeve.options", "--format json")
    stage.server.git("config", "reeve.mode", "warn")
    is_through, told = stage.push("main:warned")
    assert is_through and RULE in told and "let through" in told and secret not in told, told


def pre_receive_first(stage):
    """Into an empty server, of SHA-256, with an alternate store."""
    secret = token()
    base = os.path.dirname(stage.server.folder)
    try:
        server = Repo(os.path.join(base, "empty.git"), stage.program_dir, "--bare", "--object-format=sha256")
        client = Repo(os.path.join(base, "first"), stage.program_dir, "--object-format=sha256")
    except AssertionError:
        skip("this git has no SHA-256 repositories")
    stage.hook(os.path.join(stage.server.folder, "hooks", "pre-receive"), server.folder)
    stage.client = client
    client.git("remote", "add", "origin", server.folder)
    client.commit("a.conf", line(secret), "first of all")
    stage.refused(secret, "main")
    # A fork that borrows its objects.
    shutil.rmtree(os.path.join(server.folder, "hooks"))
    client.git("push", "-q", "origin", "main")
    fork = os.path.join(base, "fork.git")
    client.git("clone", "-q", "--bare", "--shared", server.folder, fork)
    stage.hook(os.path.join(stage.server.folder, "hooks", "pre-receive"), fork)
    client.git("remote", "set-url", "origin", fork)
    client.commit("b.conf", CLEAN, "clean")
    is_through, told = stage.push("main")
    assert is_through, told
    other = token()
    client.commit("b.conf", line(other), "adds")
    stage.refused(other, "main")


CASES = [pre_commit, pre_commit_worktree, pre_commit_without_reeve, pre_receive, pre_receive_refs,
         pre_receive_policy, pre_receive_settings, pre_receive_first]


def main():
    program_dir, hooks = sys.argv[1], os.path.join(sys.argv[2], "git")
    if not shutil.which("git") or not shutil.which("bash"):
        skip("git or bash is not installed")
    case = {c.__name__: c for c in CASES}[sys.argv[3]]
    with tempfile.TemporaryDirectory() as folder:
        temporary = os.path.join(folder, "tmp")
        os.mkdir(temporary)
        os.environ["TMPDIR"] = tempfile.tempdir = temporary
        case(Stage(folder, program_dir, hooks))


if __name__ == "__main__":
    main()
