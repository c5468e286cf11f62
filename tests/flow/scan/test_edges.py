"""The edges of `reeve scan`'s command line: what it reads and writes besides what is scanned, how it
ends, and what it says to a wrong word."""

import json
import os
import signal
import socket
import subprocess

import scanning


def shadow():
    """What must never be told of another file: a line as of shadow(5), made up."""
    return f"root:$6${scanning.password()}${scanning.password()}:19000:0:99999:7:::\n"


class Links(scanning.Case):
    """Settings in what is scanned are a stranger's."""

    def link(self, name, to):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(to, path)

    def test_settings_that_lead_out_of_the_tree_are_refused(self):
        self.write("outside/shadow", shadow())
        self.write("t/a.txt", "x\n")
        for name in (".reeve.yaml", ".gitleaks.toml", ".reeveignore", ".gitleaksignore",
                     ".betterleaksignore", ".reeve-baseline.json"):
            for to in ("../outside/shadow", self.path("outside/shadow")):
                with self.subTest(name=name, to=to):
                    self.link("t/" + name, to)
                    done = self.refused(("scan", "t"), name, "symbolic link leads out of", "next:")
                    self.assertNotIn(b"root", done.err)
                    os.unlink(self.path("t/" + name))

    def test_what_settings_name_does_not_lead_out_either(self):
        self.write("outside/rules.yaml", shadow())
        self.write("t/.reeve.yaml", "scan:\n  rules: [sub/rules.yaml]\n")
        self.link("t/sub", "../outside")
        self.assertNotIn(b"root", self.refused(("scan", "t"), "leads out of").err)
        self.write("t/.reeve.yaml", "scan:\n  baseline: sub/rules.yaml\n")
        self.refused(("scan", "t"), "leads out of")
        os.unlink(self.path("t/.reeve.yaml"))
        self.write("t/.gitleaks.toml", "[extend]\npath = 'sub/rules.yaml'\n")
        self.refused(("scan", "t"), "leads out of")

    def test_of_a_work_tree_too(self):
        repo = self.repo("r")
        repo.commit({"a.txt": "x\n"})
        self.write("outside/shadow", shadow())
        self.link("r/.reeve.yaml", "../outside/shadow")
        for words in (("scan", "r"), ("scan", "--git", "r"), ("scan", "--staged", "r")):
            self.refused(words, "leads out of")

    def test_gitleaks_own_ignore_file_beside_too(self):
        self.write("w/t/a.txt", "x\n")
        self.link("w/.gitleaksignore", "../outside")
        self.write("outside", shadow())
        self.refused(("dir", "t"), "leads out of", cwd=self.path("w"))

    def test_inside_of_the_tree_links_are_followed(self):
        self.write("t/ci/reeve.yaml", "scan:\n  exclude: ['*.env']\n")
        self.write("t/a.env", f"TOKEN={self.token()}\n")
        for to in ("ci/reeve.yaml", self.path("t/ci/reeve.yaml")):
            self.link("t/.reeve.yaml", to)
            self.assert_places(self.found("t", code=0))
            os.unlink(self.path("t/.reeve.yaml"))
        repo = self.repo("r")
        repo.commit({"ci/reeve.yaml": "scan:\n  exclude: ['*.env']\n", "sub/x": ""})
        self.write("r/sub/a.env", f"TOKEN={self.token()}\n")
        self.link("r/sub/.reeve.yaml", "../ci/reeve.yaml")
        self.assert_places(self.found("r/sub", code=0))

    def test_what_the_caller_names_is_followed(self):
        self.write("outside/c.yaml", "scan:\n  exclude: ['*.env']\n")
        self.write("t/a.env", f"TOKEN={self.token()}\n")
        self.link("t/.reeve.yaml", "../outside/c.yaml")
        self.assert_places(self.found("-c", "t/.reeve.yaml", "t", code=0))

    def test_no_fifo_and_no_device_is_waited_for(self):
        os.makedirs(self.path("t"))
        os.mkfifo(self.path("t/.reeve.yaml"))
        self.refused(("scan", "t"), ".reeve.yaml is not a regular file")

    def test_what_is_no_plain_name_is_not_quoted(self):
        line = shadow()
        for name, text in ((".reeve.yaml", line), (".reeve.yaml", f"scan:\n  {line}"),
                           (".reeve.yaml", "scan:\n  allow:\n   - {reason: x, '$6$abc/def$': y}\n"),
                           (".reeve.yaml", f"scan: {{rules: ['{line.strip()}']}}\n"),
                           (".reeve.yaml", f"scan: {{baseline: '{line.strip()}'}}\n"),
                           (".reeve.yaml", "scan: {" + 41 * "k" + ": 1}\n"),
                           (".gitleaks.toml", f"[[rules]]\nid = '{line.strip()}'\nregex = 'a*'\n"),
                           (".gitleaks.toml", f"[[rules]]\nid = '{line.strip()}'\n"),
                           (".gitleaks.toml", f"[[rules]]\nid = 'a'\nregex='abc'\n"
                            f"[[rules.required]]\nid = '{line.strip()}'\n"),
                           (".reeveignore", f"fingerprint rv1:{32 * '0'} {41 * 'k'}=x\n"),
                           (".reeve-baseline.json", json.dumps({"schema": line})),
                           (".reeve-baseline.json", json.dumps(
                               {"schema": "reeve-baseline/1", "salt": 64 * "0",
                                "entries": [{line: "x"}]}))):
            with self.subTest(name=name, text=text):
                self.write("t/" + name, text)
                done = self.refused(("scan", "t"), "(not shown)")
                self.assertNotIn(b"$", done.err, str(done))
                self.assertNotIn(b"kkk", done.err, str(done))
                os.unlink(self.path("t/" + name))
        self.write("t/.reeve.yaml", "scan: {excluded: 1}\n")
        self.refused(("scan", "t"), "unknown key excluded: did you mean exclude?")


class Files(scanning.Case):
    """What is written over."""

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def test_a_ledger_does_not_replace_another_file(self):
        self.write("t/a.txt", "x\n")
        self.write("notes.txt", "notes\n")
        self.refused(("scan", "t", "--ledger", "notes.txt"), "notes.txt is no ledger", "next:")
        self.assertEqual(self.read("notes.txt"), b"notes\n")
        os.symlink("notes.txt", self.path("link"))
        self.refused(("scan", "t", "--ledger", "link"), "symbolic link", "next:")
        self.assertTrue(os.path.islink(self.path("link")))
        self.write("kept", "")  # as mktemp makes it
        self.scan("t", "--ledger", "kept", code=0)
        self.assertTrue(self.read("kept").startswith(b"rvledg"))
        self.write("kept", self.read("kept").replace(b"rvledg2", b"rvledg1"))
        self.scan("t", "--ledger", "kept", code=0)
        self.assertTrue(self.read("kept").startswith(b"rvledg2"))

    def test_a_report_does_not_replace_what_another_option_names(self):
        self.write("t/a.txt", "x\n")
        for option, name in (("--config", "c.yaml"), ("--baseline", "b.json"), ("--rules", "r.yaml"),
                             ("--gitleaks-ignore-path", "i")):
            self.write(name, "kept")
            self.refused(("scan", "t", option, name, "-f", "json", "-o", "./t/../" + name),
                         f"is the file of {option}", "next:")
            self.assertEqual(self.read(name), b"kept")
        self.refused(("scan", "t", "--ledger", "l.json", "-o", "t/../l.json"), "--ledger")
        self.assertFalse(os.path.exists(self.path("l.json")))


class Inputs(scanning.Case):
    def test_a_pipe_that_is_named_is_standard_input(self):
        text = f"TOKEN={self.token()}\n".encode()
        for path in ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"):
            self.assert_places(self.found(path, stdin=text), ("stdin", 1))
        reads, writes = os.pipe()
        os.write(writes, text)
        os.close(writes)
        done = subprocess.run([scanning.BIN, "scan", "--json", f"/dev/fd/{reads}"], cwd=self.dir,
                              pass_fds=(reads,), capture_output=True, check=False,
                              timeout=scanning.DEADLINE_S)
        os.close(reads)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(json.loads(done.stdout)["leaks"][0]["path"], "stdin")
        self.write("-", text)
        self.assert_places(self.found("./-"), ("./-", 1))
        self.refused(("scan", "-", "--ledger", "kept"), "--ledger goes with files")
        self.assertFalse(os.path.exists(self.path("kept")))

    def test_a_file_on_standard_input_is_a_file(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        with open(self.path("a.env"), "rb") as f:
            done = subprocess.run([scanning.BIN, "scan", "--json", "/dev/stdin"], cwd=self.dir,
                                  stdin=f, capture_output=True, check=False,
                                  timeout=scanning.DEADLINE_S)
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_a_scan_of_nothing_is_refused(self):
        os.mkfifo(self.path("pipe"))
        self.refused(("scan", "pipe"), "cannot scan pipe: it is a pipe", "next:", "--stdin")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.path("socket"))
            self.refused(("scan", "socket"), "it is a socket")
        self.refused(("scan", "/dev/zero"), "it is a device")
        self.write("a.txt", "x\n")
        result = self.found("pipe", "a.txt", code=0)
        self.assertEqual([g["reason"] for g in result.gaps], ["special"])
        if os.geteuid() != 0:
            os.chmod(self.write("shut", "x\n"), 0)
            self.refused(("scan", "shut"), "cannot scan shut: Permission denied")
            os.mkdir(self.path("closed"), 0o300)
            self.refused(("scan", "closed"), "cannot scan closed: Permission denied")
            self.found("shut", "a.txt", "--strict", code=3)

    def test_git_dir_names_the_repository_as_for_git(self):
        here, there, text = self.repo("here"), self.repo("there"), f"TOKEN={self.token()}\n"
        here.commit({"a.txt": "x\n"})
        there.commit({"a.env": text})
        there.git("branch", "base")
        there.commit({"b.env": f"TOKEN={self.token()}\n"})
        there.write("c.env", f"TOKEN={self.token()}\n")
        there.git("add", "c.env")
        git_dir = {"GIT_DIR": os.path.join(there.path, ".git")}
        for words, places in ((("--git",), ["a.env", "b.env", "c.env"]), (("--staged",), ["c.env"]),
                              (("--diff", "base"), ["b.env"])):
            done = self.found(*words, cwd=here.path, env=git_dir)
            self.assertEqual([leak["path"] for leak in done.leaks], places)
            self.assertEqual(done.document["scan"]["target"], git_dir["GIT_DIR"])
            self.found(*words, cwd=self.dir, env=git_dir)  # where there is none
        self.found("--git", ".", cwd=here.path, env=git_dir, code=0)  # a path is your word
        self.found(".", cwd=here.path, env=git_dir, code=0)
        for own in (".git", os.path.join(here.path, ".git")):  # as git calls its hooks
            done = self.found("--git", cwd=here.path, env={"GIT_DIR": own}, code=0)
            self.assertEqual(done.document["scan"]["target"], ".")
        here.git("worktree", "add", "-q", self.path("linked"), "-b", "side")
        linked = os.path.join(here.path, ".git/worktrees/linked")
        self.found("--staged", cwd=self.path("linked"), env={"GIT_DIR": linked}, code=0)
        self.refused(("scan", "--git"), "nowhere", cwd=here.path, env={"GIT_DIR": "nowhere"})


class Words(scanning.Case):
    def test_groups_have_a_help_that_teaches(self):
        for group, verbs, word in (("baseline", ("create", "add", "expire", "prune", "list"),
                                    "file to commit"),
                                   ("rules", ("list", "show", "test", "cost"), "--rules FILE"),
                                   ("owner", ("set", "claim"), "reeve owner VERB --help")):
            for option in ("--help", "-h"):
                done = self.run_reeve(group, option)
                self.assertEqual((done.code, done.err), (0, b""), str(done))
                for verb in verbs:
                    self.assertIn(f"  reeve {group} {verb} ".encode(), done.out)
                self.assertIn(b"Examples:\n", done.out)
                self.assertIn(word.encode(), done.out)
            self.refused((group,), "needs one of:", verbs[0], f"next: reeve {group} --help")

    def test_options_of_every_verb_are_suggested(self):
        self.refused(("scan", "--jsn"), "--jsn: did you mean --json?", "next: reeve scan --help")
        self.refused(("scan", "--no-colour"), "did you mean --no-color?")
        self.refused(("--jsn", "scan"), 'no such option "--jsn": did you mean --json?')
        self.refused(("scan", "--nothing-like-it"), "unknown option --nothing-like-it\n")

    def test_a_rule_that_is_none_is_said_with_the_nearest(self):
        for words in (("scan",), ("dir",)):
            self.refused((*words, "--enable-rule", "githubtoken"), "there is no rule githubtoken",
                         "did you mean github-token?", "next: reeve rules list")
        self.refused(("scan", "--enable-rule", "nothing-like-it"), "no rule nothing-like-it\n")

    def test_a_misspelt_marker_is_told(self):
        self.write("a.env", f"TOKEN={self.token()} # reeve:alow reason=\"x\"\n")
        self.assertIn('"reeve:alow" allows nothing: it is written reeve:allow',
                      self.found("a.env").leaks[0]["note"])
        self.assertIn(b"allows nothing", self.scan("a.env", code=1).out)

    def test_what_is_switched_off_twice_is_no_mistake(self):
        self.write("t/a.txt", "x\n")
        self.write("t/.gitleaks.toml", "[extend]\nuseDefault = true\n"
                   "disabledRules = ['github-token']\n")
        self.write("t/.reeve.yaml", "scan:\n  disable: [github-token, github-tokem]\n")
        notes = self.found("t", code=0).document["notes"]
        self.assertEqual(len(notes), 1, notes)
        self.assertIn("there is no rule github-tokem", notes[0])


class Worktrees(scanning.Case):
    def notes(self, repo):
        done = self.found("--diff", "base", "--worktree", code=0, cwd=repo.path)
        return [note for note in done.document.get("notes", []) if "track" in note]

    def test_files_that_git_does_not_track_are_noted(self):
        repo = self.repo()
        repo.commit({"a.txt": "x\n", "a/b.txt": "x\n", "a.b/c": "x\n", ".gitignore": "*.o\n"})
        repo.git("branch", "base")
        sub = self.repo("repo/sub")
        sub.commit({"x": "y\n"})
        repo.git("-c", "advice.addEmbeddedRepo=false", "add", "sub")
        os.makedirs(os.path.join(repo.path, "empty"))
        os.symlink("a.txt", os.path.join(repo.path, "link"))
        repo.git("add", "link")
        self.assertEqual(self.notes(repo), [])
        repo.write("a/new.env", f"TOKEN={self.token()}\n")
        self.assertEqual(len(self.notes(repo)), 1)
        self.assertIn("such as a/new.env", self.notes(repo)[0])
        done = self.scan("--diff", "base", "--worktree", code=0, cwd=repo.path)
        self.assertIn(b"a/new.env", done.err)
        self.assertEqual(self.found("--diff", "base", code=0, cwd=repo.path).document.get(
            "notes", []), [])

    def test_the_help_says_so(self):
        self.assertRegex(self.run_reeve("scan", "--help").out.decode(),
                         "--worktree .*of files that git tracks")


class Gaps(scanning.Case):
    """What is said of what was not scanned."""

    def gap(self, *words, **more):
        gaps = self.found(*words, code=0, **more).gaps
        self.assertEqual(len(gaps), 1, gaps)
        return gaps[0]["path"], gaps[0]["reason"], gaps[0].get("detail")

    def test_of_a_repositorys_configuration(self):
        repo = self.repo()
        repo.commit({"a.txt": "x\n"})
        repo.git("config", "core.repositoryformatversion", "1")
        repo.git("config", "extensions.hoverBoard", "true")
        self.assertEqual(self.gap("--git", cwd=repo.path)[:2],
                         ("extensions.hoverBoard", "unsupported"))
        self.assertIn("extension of git", self.gap("--git", cwd=repo.path)[2])
        repo.write(".git/config", "[core\n")
        path, reason, detail = self.gap("--git", cwd=repo.path)
        self.assertTrue(path.endswith("/.git/config"))
        self.assertEqual((reason, detail), ("damaged",
                         "the repository's configuration does not parse"))

    def test_of_links_and_sockets(self):
        self.write("d/a.txt", "x\n")
        os.symlink("nowhere", self.path("d/link"))
        self.assertEqual(self.gap("d", "--follow-symlinks"),
                         ("d/link", "unreadable", "a symbolic link that leads nowhere"))
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.path("socket"))
            self.assertEqual(self.gap("socket", "d"),
                             ("socket", "special", "not a regular file"))


class Codes(scanning.Case):
    def test_findings_that_are_worth_nothing_do_not_hide_gaps(self):
        self.write("t/a.env", f"TOKEN={self.token()}\n")
        self.write("t/b.zip", b"PK\x03\x04broken")
        self.scan("t", "--strict", code=1)
        self.scan("t", "--strict", "--exit-code", "7", code=7)
        self.scan("t", "--exit-code", "0", code=0)
        self.scan("t", "--strict", "--exit-code", "0", code=3)
        os.unlink(self.path("t/b.zip"))
        self.scan("t", "--strict", "--exit-code", "0", code=0)


def until_caught(process, number):
    """Waits until the process has a handler for the signal: it scans."""
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
            caught = next(line for line in f if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) >> (number - 1) & 1:
            return
        os.sched_yield()


def until_stopped(process):
    """Waits until each of its threads is."""
    tasks = f"/proc/{process.pid}/task"

    def state(task):
        with open(f"{tasks}/{task}/stat", encoding="ascii") as f:
            return f.read().rpartition(")")[2].split()[0]

    while process.poll() is None and any(state(task) != "T" for task in os.listdir(tasks)):
        os.sched_yield()


class Baselines(scanning.Case):
    def test_a_historys_own_report_knows_all_places_of_a_value(self):
        repo = self.repo()
        token, other, word = self.token(), self.token(), self.password()
        text = f"TOKEN={token}\n"
        repo.commit({"a": text, "b": "x\n" + text, "d": f"DB_PASSWORD={word}\n",
                     "e": f"# {other} {token}\nDB_PASSWORD={word}\n"})
        self.run_reeve("git", "-r", "old.json", cwd=repo.path)
        done = self.run_reeve("git", "-b", "old.json", cwd=repo.path)
        self.assertEqual(done.code, 0, str(done))
        repo.commit({"f": f"TOKEN={self.token()}\n"})
        done = self.run_reeve("git", "--json", "-b", "old.json", cwd=repo.path)
        self.assert_places(done, ("f", 1))

    def test_the_salt_in_use_is_not_counted_as_allowed(self):
        self.write("a.env", f"DB_PASSWORD={self.password()}\n")
        self.run_reeve("baseline", "create", "--reason", "x", ".")
        with open(self.path(".reeve-baseline.json"), encoding="ascii") as f:
            salt = json.load(f)["salt"]
        self.write("log.env", f"API_KEY={salt}\n")
        done = self.found(".", code=0)
        self.assertEqual(done.document["summary"]["allowed"], 0)
        self.write("log.env", f"API_KEY={salt[1:]}0\n")
        self.assert_places(self.found("."), ("log.env", 1))


class Signals(scanning.Case):
    """A scan that is stopped tells what it has."""

    def start(self, *words, **more):
        env = {"PATH": os.environ["PATH"], "HOME": self.dir, "LC_ALL": "C.UTF-8"}
        process = subprocess.Popen([scanning.BIN, "scan", *words], cwd=self.dir, env=env,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def endless(self):
        """A directory that takes longer than anybody waits, with --max-cpu 1."""
        self.write("t/a.env", f"TOKEN={self.token()}\n")
        path = self.write("t/b/0", os.urandom(1 << 16).hex() * 8)
        for i in range(1, 2000):
            os.link(path, self.path(f"t/b/{i}"))

    def test_the_first_tells_what_was_found(self):
        self.endless()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start("t", "--json", "--max-cpu", "1", "--ledger", "kept")
            until_caught(process, number)
            process.send_signal(number)
            out, err = process.communicate(timeout=scanning.DEADLINE_S)
            self.assertEqual(process.returncode, -number, err)
            report = json.loads(out)
            self.assertIn("stopped", [gap["reason"] for gap in report["gaps"]])
            self.assertIn(f"INCOMPLETE: stopped by {number.name}".encode(), err)
            with open(self.path("kept"), "rb") as f:
                self.assertEqual(f.read(6), b"rvledg")
            self.assert_no_secret(out + err, "a stopped scan")

    def test_of_standard_input_too(self):
        process = self.start("--stdin", "--json", stdin=subprocess.PIPE)
        process.stdin.write(f"TOKEN={self.token()}\n".encode())
        process.stdin.flush()
        until_caught(process, signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=scanning.DEADLINE_S)
        self.assertEqual(process.returncode, -signal.SIGINT)
        report = json.loads(process.stdout.read())
        self.assertEqual([gap["reason"] for gap in report["gaps"]], ["stopped"])

    def test_the_second_ends_at_once(self):
        self.endless()
        process = self.start("t", "--json", "--max-cpu", "1")
        until_caught(process, signal.SIGINT)
        process.send_signal(signal.SIGSTOP)  # both are there before the scan sees the first
        until_stopped(process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        process.wait(timeout=scanning.DEADLINE_S)
        self.assertIn(-process.returncode, (signal.SIGINT, signal.SIGTERM))
        self.assertEqual(process.stdout.read(), b"")

    def test_what_was_ignored_stays_ignored(self):
        process = self.start("--stdin", stdin=subprocess.PIPE, start_new_session=True)
        until_caught(process, signal.SIGINT)
        process.stdin.close()
        process.wait(timeout=scanning.DEADLINE_S)
        self.assertEqual(process.returncode, 0)
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            process = self.start("--stdin", stdin=subprocess.PIPE)
        finally:
            signal.signal(signal.SIGHUP, before)
        until_caught(process, signal.SIGINT)
        process.send_signal(signal.SIGHUP)
        process.stdin.close()
        process.wait(timeout=scanning.DEADLINE_S)
        self.assertEqual(process.returncode, 0)

    def test_a_baseline_is_not_made_of_a_part(self):
        self.endless()
        process = subprocess.Popen([scanning.BIN, "baseline", "create", "--reason", "x", "t"],
                                   cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=scanning.DEADLINE_S)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertFalse(os.path.exists(self.path(".reeve-baseline.json")))


if __name__ == "__main__":
    scanning.main()
