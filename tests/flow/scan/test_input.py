"""Wrong and hostile input to `reeve scan`: one clear message or a line in the ledger; never a
crash, a hang, unbounded memory or a program started."""

import base64
import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import unittest

import scanning

MB = 1 << 20


class CommandLine(scanning.Case):
    def test_the_hosts_settings_of_libcrypto_are_not_taken(self):
        self.write("d/a.env", f"TOKEN={self.token()}\n")
        path = self.write("openssl.cnf", "openssl_conf = a\n[a]\nalg_section = b\n[b]\n"
                          "default_properties = fips=yes\n")
        self.assert_places(self.found("d", env={"OPENSSL_CONF": path}), ("d/a.env", 1))

    def test_a_missing_path_is_said(self):
        self.refused(["scan", "nowhere"], "nowhere", "No such file")
        self.write("here.txt", "x")
        self.refused(["scan", "here.txt", "nowhere"], "nowhere")
        self.refused(["scan", "here.txt/below"], "here.txt/below")
        self.refused(["scan", ""], "")

    def test_an_unknown_option_is_said_with_the_nearest(self):
        self.refused(["scan", "--sarif"], "--sarif", "next: reeve scan --help")
        self.refused(["scan", "--basline", "x"], "--basline", "--baseline")
        self.refused(["scan", "--min-confidance=3"], "--min-confidence")
        self.refused(["scan", "-Z"], "Z")
        self.refused(["scam"], "scan")

    def test_values_out_of_range_are_said(self):
        for words in (["--min-confidence", "101"], ["--min-confidence", "-1"],
                      ["--min-confidence", "high"], ["--exit-code", "256"], ["--exit-code", ""],
                      ["-j", "1000"], ["-j", "x"], ["--max-file", "1Q"], ["--max-file", "-1"],
                      ["--max-file", "99999999999999999999"], ["--max-file", "99999999999999T"],
                      ["--max-time", "soon"], ["--max-time", "ms"], ["--max-time", "1.5ms"],
                      ["--max-rss", "lots"], ["--max-rss", "1"], ["--max-rss", "31M"], ["--max-cpu", "0x10"],
                      ["--archive-depth", "99"], ["--decode-depth", "4"], ["--decode-depth", "64"],
                      ["--max-decode-depth", "65"], ["--max-target-megabytes", "x"]):
            name = words[0].lstrip("-")
            name = {"j": "threads"}.get(name, name)
            self.refused(["scan", *words], "--" + name, "next: reeve scan --help")

    def test_options_that_exclude_each_other_are_said(self):
        self.refused(["scan", "--git", "--staged"], "--git", "--staged")
        self.refused(["scan", "--stdin", "x"], "--stdin")
        self.refused(["scan", "--git", "a", "b"], "repository")
        self.refused(["scan", "--strict=yes"], "--strict")
        self.refused(["scan", "--config"], "--config needs FILE")

    def test_options_of_another_input_are_refused_not_passed_over(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        history = (["--range", "HEAD~1..HEAD"], ["--since", "2026-01-01"], ["--log-opts=A..B"])
        for words in history:
            name = words[0].split("=")[0]
            for source in ([], ["--staged"], ["--diff", "HEAD"], ["--stdin"]):
                self.refused(["scan", *source, *words], f"{name} goes with --git")
            self.refused(["dir", *words, "."], f"{name} goes with --git")
            self.refused(["detect", "--no-git", *words], f"{name} goes with --git")
            self.refused(["protect", *words], f"{name} goes with --git")
        for source in ([], ["--git"], ["--staged"], ["--stdin"]):
            self.refused(["scan", *source, "--worktree"], "--worktree goes with --diff")
        for source in (["--git"], ["--staged"], ["--diff", "HEAD"], ["--stdin"]):
            for words in (["--ledger", "kept"], ["--follow-symlinks"]):
                self.refused(["scan", *source, *words], f"{words[0]} goes with files")
        self.assertFalse(os.path.exists(self.path("kept")))
        self.refused(["scan", "--git", "--range", "A..B", "--log-opts=C..D"], "--log-opts")
        self.refused(["scan", "--source", "a", "b"], "--source")

    def test_help_is_there(self):
        for verb in ("scan", "dir", "git", "stdin", "detect", "protect"):
            result = self.run_reeve(verb, "--help")
            self.assertEqual(result.code, 0)
            self.assertIn(b"--baseline", result.out)


class Configuration(scanning.Case):
    def refuse_config(self, text, *parts, name=".reeve.yaml"):
        self.write(name, text)
        self.refused(["scan", "."], *parts)

    def test_each_mistake_is_told_with_its_place(self):
        self.refuse_config("scan:\n  min_confidense: 3\n", ".reeve.yaml:2:3", "min_confidence?")
        self.refuse_config("scan:\n  min_confidence: high\n", ".reeve.yaml:2:")
        self.refuse_config("scan: [\n", ".reeve.yaml:")
        self.refuse_config("version: 7\n", ".reeve.yaml:1:1")
        self.refuse_config(b"\xff\xfe\x00", ".reeve.yaml")

    def notes(self, name, text, *parts):
        """One note with these parts, on standard error and in the document."""
        self.write(name, text)
        result = self.found(".", code=0)
        self.assertEqual(len(result.document["notes"]), 1, str(result))
        for part in parts:
            self.assertIn(part, result.document["notes"][0], str(result))
            self.assertIn(part, result.err.decode(), str(result))
        self.assertIn(b"reeve scan: note: ", self.scan(".", code=0).err)
        lines = self.scan("--format", "jsonl", ".", code=0).out.splitlines()
        self.assertEqual(sum(b'{"note":' in line for line in lines), 1)
        self.assertEqual(self.scan("--quiet", ".", code=0).err, b"")
        os.unlink(self.path(name))

    def test_what_has_no_effect_is_told(self):
        self.assertNotIn("notes", self.found(".", code=0).document)
        self.notes(".reeve.yaml", "scan:\n  disable: [github-tokne]\n", ".reeve.yaml:2:",
                   "github-tokne")
        self.notes(".reeve.yaml", "scan:\n  allow:\n    - rules: [github-tokne]\n"
                   "      reason: tests\n", ".reeve.yaml:3", "github-tokne")
        name = ".gitleaks.toml"
        self.notes(name, "title = 'x'\n[extend]\nuseDefault = true\n"
                   "DisabledRules = ['github-tokne']\n", name + ":4:", "github-tokne")
        self.notes(name, "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['x']\n"
                   "targetRules = ['github-tokne']\n", name + ":3", "github-tokne")
        self.notes(name, "[extend]\nuseDefault = true\ncolour = 'red'\n", name + ":3:", "colour")
        self.notes(name, "title = 'x'\n", "no rules")

    def test_many_notes_are_counted(self):
        ids = ", ".join(f"nope-{i}" for i in range(30))
        self.write(".reeve.yaml", f"scan:\n  disable: [{ids}]\n")
        result = self.found(".", code=0)
        self.assertEqual(len(result.document["notes"]), 30)
        self.assertEqual(len(result.err.splitlines()), 11, str(result))
        self.assertIn(b"20 more notes", result.err)

    def test_gitleaks_files_too(self):
        self.refuse_config("title = \n", ".gitleaks.toml:1:", name=".gitleaks.toml")
        self.refuse_config("[[rules]]\nid = \"x\"\nregex = '''(unclosed'''\n", ".gitleaks.toml:",
                           name=".gitleaks.toml")

    def test_rule_files_too(self):
        self.write("my.yaml", "version: 2\nrules:\n  - id: x\n    regex: '('\n")
        self.refused(["scan", "--rules", "my.yaml", "."], "my.yaml:")
        self.refused(["scan", "--rules", "none.yaml", "."], "none.yaml")

    def test_a_named_file_that_is_not_there(self):
        for option in ("--config", "--baseline", "--rules"):
            self.refused(["scan", option, "gone.yaml", "."], "gone.yaml")
        self.refused(["scan", "--enable-rule", "no-such-rule", "."], "no-such-rule")

    def test_a_baseline_that_cannot_be_read_never_means_all_is_new(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.write(".reeve-baseline.json", "{")
        self.refused(["scan", "."], ".reeve-baseline.json")
        self.write(".reeve-baseline.json", "{}")
        self.refused(["scan", "."], ".reeve-baseline.json")


    def test_a_pipe_in_the_place_of_a_file_does_not_hold_it(self):
        for name in (".reeve.yaml", ".gitleaks.toml", ".gitleaksignore", ".reeveignore",
                     ".reeve-baseline.json"):
            os.mkfifo(self.path(name))
            self.refused(["scan", "."], name, "regular file")
            os.unlink(self.path(name))
        for name in ("HEAD", "index", "config", "packed-refs", "objects/info/alternates",
                     "logs/HEAD", "refs/heads/x", "shallow", "commondir",
                     "objects/info/commit-graph", "objects/pack/multi-pack-index",
                     "objects/pack/pack-1.idx", "refs/stash"):
            repo = self.repo("r" + name.replace("/", "-"))
            repo.commit({"a.env": f"TOKEN={self.token()}\n"})
            path = f"{repo.path}/.git/{name}"
            if os.path.exists(path):
                os.unlink(path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.mkfifo(path)
            for words in (["--git"], ["--staged"], ["--diff", "HEAD"]):
                self.assertIn(self.scan(*words, cwd=repo.path).code, (0, 1, 2), name)


class Files(scanning.Case):
    def test_what_the_settings_exclude_is_counted(self):
        self.write("d/a.env", f"TOKEN={self.token()}\n")
        self.write("d/lib/b.env", f"TOKEN={self.token()}\n")
        self.write("d/.reeveignore", "*\n")
        result = self.found("d", code=0)
        self.assertEqual(result.document["scan"]["excluded"], 3)
        said = self.scan("d", code=0).out
        self.assertIn(b"3 files passed over, as the settings say", said)

    def test_what_may_not_be_read_is_in_the_ledger(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        self.write("d/a.env", f"TOKEN={self.token()}\n")
        os.chmod(self.write("d/no.env", "x"), 0)
        os.chmod(os.path.dirname(self.write("d/shut/x", "x")), 0)
        result = self.found("d", "--strict")
        self.assert_places(result, ("d/a.env", 1))
        self.assertEqual(sorted((g["path"], g["reason"]) for g in result.gaps),
                         [("d/no.env", "unreadable"), ("d/shut", "unreadable")])
        self.found("d/no.env", "d/a.env", "--strict")

    def test_pipes_sockets_and_devices_are_not_read(self):
        self.write("d/a.txt", "x")
        os.mkfifo(self.path("d/fifo"))
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.path("d/socket"))
            self.found("d", code=0)
            result = self.found("d/fifo", "d/a.txt", "--strict", code=3)
            self.assertEqual([g["reason"] for g in result.gaps], ["special"])
        self.found("/dev/zero", "d/a.txt", "--strict", code=3)

    def test_links_in_circles_end(self):
        self.write("d/a.env", f"TOKEN={self.token()}\n")
        os.symlink("loop", self.path("d/loop"))
        os.symlink("..", self.path("d/up"))
        os.symlink(".", self.path("d/here"))
        for words in ([], ["--follow-symlinks"]):
            result = self.found("d", *words)
            self.assert_places(result, ("d/a.env", 1))

    def test_very_deep_trees_and_very_many_names(self):
        path = self.path("deep")
        os.mkdir(path)
        here = os.open(path, os.O_RDONLY)
        for _ in range(1500):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        fd = os.open("a.env", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=here)
        os.write(fd, f"TOKEN={self.token()}\n".encode())
        os.close(fd)
        os.close(here)
        self.addCleanup(subprocess.run, ["rm", "-rf", path], check=False)
        result = self.found("deep", "--strict", code=3)
        self.assertEqual([g["detail"] for g in result.gaps], ["nested too deep"])
        for i in range(5000):
            self.write(f"many/{i:05}-{'n' * 200}", "x")
        self.found("many", code=0)

    def test_files_that_vanish_and_change_while_they_are_read(self):
        for i in range(1200):
            self.write(f"d/{i}.txt", "y" * 3000)
        stop = threading.Event()

        def meddle():
            i = 0
            while not stop.is_set():
                try:
                    name = self.path(f"d/{i % 1200}.txt")
                    if i % 3 == 0:
                        os.unlink(name)
                    elif i % 3 == 1:
                        os.chmod(name, 0)
                    else:
                        os.truncate(name, 1)
                except OSError:
                    pass
                i += 7
        meddler = threading.Thread(target=meddle)
        meddler.start()
        try:
            for _ in range(5):
                self.assertIn(self.scan("--json", "d").code, (0,))
        finally:
            stop.set()
            meddler.join()

    def test_a_file_that_grows_is_read_to_an_end_and_told(self):
        path = self.write("d/log", "z" * (24 * MB))
        stop = threading.Event()

        def grow():
            with open(path, "ab") as f:
                while not stop.is_set() and f.tell() < 512 * MB:
                    f.write(b"z" * MB)
                    f.flush()
        grower = threading.Thread(target=grow)
        grower.start()
        try:
            result = self.found("d", code=0)
        finally:
            stop.set()
            grower.join()
        self.assertIn([g["reason"] for g in result.gaps], (["changed"], []))

    def test_binary_noise_is_only_noise(self):
        self.write("d/noise", os.urandom(3 * MB))
        self.write("d/ff", b"\xff" * MB)
        self.write("d/zero", b"\0" * MB)
        self.write("d/long", b"a" * (20 * MB))
        self.write("d/quotes", b"\"'=:" * MB)
        self.write("d/base64", b"QUFB" * MB)
        self.write("d/capitals", b"A" * MB)
        self.assertIn(self.scan("d").code, (0,))


class Limits(scanning.Case):
    def test_a_sparse_file_of_three_gigabytes_needs_little_memory(self):
        path = self.path("sparse")
        with open(path, "wb") as f:
            f.truncate(3 << 30)
            f.seek(0, os.SEEK_END)
            f.write(f"\nTOKEN={self.token()}\n".encode())
        if os.stat(path).st_blocks * 512 > 100 * MB:
            self.skipTest("this file system has no sparse files")
        # A child's peak counts what its parent had when it forked: a parent of its own, then.
        ask = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=False); "
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)")
        argv = [scanning.BIN, "scan", "--json", "-j", "1", "sparse"]
        done = subprocess.run([sys.executable, "-c", ask, *argv], cwd=self.dir, check=True,
                              capture_output=True, timeout=scanning.DEADLINE_S)
        leaks = json.loads(done.stdout)["leaks"]
        self.assertEqual([(leak["path"], leak["line"]) for leak in leaks], [("sparse", 2)])
        self.assert_no_secret(done.stdout, "the report")
        if "asan" not in os.environ["RV_BUILD"]:
            self.assertLess(int(done.stderr), 64 * 1024, "KiB")

    def test_few_descriptors_lose_no_directory(self):
        """The walk knows the limit, although nobody may ask for it behind the walls."""
        at, count = "d", 0
        for _ in range(60):
            for name in ("a/x.env", "b/x.env", "x.env"):
                self.write(f"{at}/{name}", f"TOKEN={scanning.github_token()}\n")
                count += 1
            at += "/d"
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, before[1]))
        try:
            results = [self.found("-j", threads, "d") for threads in ("1", "8")]
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for result in results:
            self.assertEqual((len(result.leaks), result.gaps), (count, []))

    def test_a_mapped_file_that_is_cut_short_ends_a_scan_with_a_sentence(self):
        """The kernel says so by a signal; here the test sends it, once somebody listens."""
        def cut(process):
            listens = lambda line: int(line.split()[1], 16) >> (signal.SIGBUS - 1) & 1
            for _ in range(200000):
                with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
                    if any(line.startswith("SigCgt") and listens(line) for line in f):
                        break
            process.send_signal(signal.SIGBUS)
        if "asan" in os.environ["RV_BUILD"]:
            self.skipTest("the sanitizer listens from the start")
        self.refused(["scan", "--stdin"], "cut short", "scan again", before=cut)

    def test_a_database_larger_than_one_window_is_read_as_rows(self):
        """Also across pages and as UTF-16, which its bytes do not say."""
        for number, encoding in enumerate(("UTF-8", "UTF-16le")):
            path = self.write(f"{number}.sqlite", "")
            base = sqlite3.connect(path)
            base.execute(f"PRAGMA encoding = '{encoding}'")
            base.execute("CREATE TABLE t (x TEXT)")
            rows = [("word " * 400,)] * (9 * MB // 2000)
            for at in (3, len(rows) // 2, len(rows) - 3):
                rows[at] = ("word " * 900 + f"TOKEN={self.token()} " + "word " * 900,)
            base.executemany("INSERT INTO t VALUES (?)", rows)
            base.commit()
            base.close()
            result = self.found(path)
            self.assertEqual(len(result.leaks), 3, str(result))
            self.assertEqual(result.gaps, [], str(result))

    def test_a_log_larger_than_one_window_is_told(self):
        path = self.path("x.sqlite")
        base = sqlite3.connect(path)
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA wal_autocheckpoint = 0")
        base.execute("CREATE TABLE t (x TEXT)")
        base.executemany("INSERT INTO t VALUES (?)", [("word " * 400,)] * (9 * MB // 2000))
        base.commit()
        result = self.found(path + "-wal", code=0)
        base.close()
        self.assertEqual([gap["reason"] for gap in result.gaps], ["too-large"], str(result))

    def contents(self, path):
        found = []
        for name in sorted(os.listdir(path)):
            with open(os.path.join(path, name), "rb") as f:
                found.append((name, f.read()))
        return found

    def test_what_only_the_log_of_a_database_has_is_found(self):
        """Also as UTF-16, and across pages; neither file is touched, and none is made."""
        for number, encoding in enumerate(("UTF-8", "UTF-16le")):
            path = os.path.join(self.dir, f"{number}", "x.sqlite")
            os.mkdir(os.path.dirname(path))
            base = sqlite3.connect(path, isolation_level=None)
            self.addCleanup(base.close)
            base.execute(f"PRAGMA encoding = '{encoding}'")
            base.execute("PRAGMA page_size = 512")
            base.execute("CREATE TABLE t (x TEXT)")
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("PRAGMA wal_autocheckpoint = 0")
            tokens = [self.token() for _ in range(20)]
            for i, token in enumerate(tokens):
                base.execute("INSERT INTO t VALUES (?)", ("word " * (80 + 7 * i) + token,))
            base.execute("DELETE FROM t WHERE rowid = 20")
            before = self.contents(os.path.dirname(path))
            self.assertTrue(all(t.encode(encoding) not in before[0][1] for t in tokens))
            result = self.found(os.path.dirname(path))
            self.assertEqual({leak["path"] for leak in result.leaks}, {path + "-wal"}, str(result))
            self.assertEqual((len(result.leaks), result.gaps), (20, []), str(result))
            self.assertTrue(before == self.contents(os.path.dirname(path)))
        with open(self.path("large-wal"), "wb") as f:
            f.write(bytes.fromhex("377f0682002de21800001000") + bytes(9 * MB))
        result = self.found("large-wal", "--strict", code=3)
        self.assertEqual([g["reason"] for g in result.gaps], ["too-large"], str(result))

    def test_larger_files_are_left_out_and_told(self):
        self.write("d/large", b"x " * (3 * MB // 2) + self.token().encode())
        for words in (["--max-file", "2M"], ["--max-target-megabytes", "2"]):
            result = self.found("d", *words, code=0)
            self.assertEqual([g["reason"] for g in result.gaps], ["too-large"], str(result))
        self.found("d", "--max-file", "4M", code=1)
        repo = self.repo()
        repo.commit({"a.env": "x\n"})
        repo.write("b.env", "x " * 4000 + self.token())
        repo.git("add", "b.env")
        result = self.found("--staged", "--max-file", "1k", "--strict", cwd=repo.path, code=3)
        self.assertEqual([g["path"] for g in result.gaps], ["b.env"])
        self.found("--staged", cwd=repo.path)

    def write_slow(self, name, head=b""):
        """32 GB, of which no hole is long enough to be passed over."""
        with open(self.path(name), "wb") as f:
            f.write(head)
            for place in range(len(head), 32 << 30, 4 * MB):
                f.seek(place)
                f.write(b"x")

    def test_time_ends_a_scan_and_is_told(self):
        self.write_slow("sparse")
        result = self.found("--max-time", "1s", "--strict", "sparse", code=3)
        self.assertIn("time", [g["reason"] for g in result.gaps], str(result))
        for ledger, on in (([], "with --ledger the next scan would go on"),
                           (["--ledger", "ledger"], "the next scan with this ledger goes on")):
            gaps = self.found("--max-time", "300ms", *ledger, "sparse", code=0).gaps
            self.assertEqual([g["detail"] for g in gaps],
                             [f"read in part: --max-time was reached; {on}"])

    def test_time_ends_a_file_of_many_weak_passwords(self):
        """Each goes through a memory-hard hash when there is a baseline."""
        lines = [f'db{i}_password = "{self.password()[:9]}"' for i in range(3000)]
        self.secrets = []
        self.write("few.env", "\n".join(lines[:2]))
        made = self.run_reeve("baseline", "create", "--reason", "before", "-o", "known.json", "few.env")
        self.assertEqual(made.code, 0, str(made))
        self.write("many.env", "\n".join(lines))
        result = self.found("--baseline", "known.json", "--max-time", "1s", "--strict", "many.env", code=None)
        self.assertIn(result.code, (1, 3), str(result))  # what was told before it ended counts
        self.assertIn("time", [g["reason"] for g in result.gaps], str(result))
        self.assertLess(len(result.leaks), 3000)

    def test_memory_ends_a_scan_and_is_told(self):
        text = ("\ufeff" + "\u4f60\u597d" * 3_000_000).encode("utf-16-le")
        self.write_slow("sparse", base64.b64encode(base64.b64encode(text)))
        result = self.found("--max-rss", "32M", "-j", "1", "--strict", "sparse", code=3)
        self.assertIn("memory", [g["reason"] for g in result.gaps], str(result))

    def test_very_many_values_in_one_another_end_no_scan(self):
        line = "password=" * 30 + "\n"
        self.write("d/many.txt", line * (2 * MB // len(line)))
        self.write("d/other.env", f"TOKEN={self.token()}\n")
        result = self.found("d")
        self.assert_places(result, ("d/other.env", 1))
        self.assertEqual([(g["path"], g["reason"]) for g in result.gaps],
                         [("d/many.txt", "too-large")])

    def test_very_many_findings_are_counted(self):
        tokens = [self.token() for _ in range(3000)]
        self.secrets = self.secrets[:20]
        self.write("a.txt", "\n".join(tokens * 10))
        self.assertGreaterEqual(len(self.found().leaks), 3000)


class Streams(scanning.Case):
    def test_a_closed_reader_ends_it_without_noise(self):
        for i in range(2000):
            self.write(f"d/{i}.env", f"TOKEN={self.token()}\n")
        self.secrets = self.secrets[:50]
        for form in ("text", "json", "csv"):
            read, write = os.pipe()
            os.close(read)
            process = subprocess.Popen([scanning.BIN, "scan", "-f", form, "d"], cwd=self.dir,
                                       stdout=write, stderr=subprocess.PIPE,
                                       restore_signals=True)
            os.close(write)
            _, err = process.communicate(timeout=scanning.DEADLINE_S)
            self.assertIn(process.returncode, (2, -13, 141), err)
            self.assertLess(len(err.splitlines()), 3, err)

    def test_no_streams_at_all(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        done = subprocess.run(["sh", "-c", "exec \"$0\" scan a.env <&- >&- 2>&-", scanning.BIN],
                              cwd=self.dir, check=False, timeout=scanning.DEADLINE_S)
        self.assertIn(done.returncode, (1, 2))

    def test_a_full_disk_is_said(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([scanning.BIN, "scan", "a.env"], cwd=self.dir, stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=scanning.DEADLINE_S)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(b"No space left", done.stderr)


class Isolation(scanning.Case):
    """It starts no program and makes no connection, whatever a repository's settings say."""

    def hostile(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.commit({"a.env": "x\n", ".gitattributes": "* diff=evil filter=evil\n"})
        ran = self.path("ran")
        evil = self.write("evil.sh", f"#!/bin/sh\ntouch {ran}\n")
        os.chmod(evil, 0o755)
        for key in ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor",
                    "core.gitProxy", "core.askPass", "diff.external", "diff.evil.textconv",
                    "diff.evil.command", "filter.evil.smudge", "filter.evil.clean",
                    "filter.evil.process", "credential.helper", "gpg.program", "uploadpack.packObjectsHook"):
            repo.git("config", key, evil)
        repo.git("config", "core.hooksPath", self.dir)
        for name in ("log", "diff", "status", "rev-parse", "cat-file"):
            repo.git("config", f"alias.{name}", f"!{evil}")
        repo.git("config", "include.path", "/dev/zero")
        for hook in ("post-checkout", "fsmonitor-watchman", "post-index-change"):
            shutil.copy(evil, f"{repo.path}/.git/hooks/{hook}")
        repo.write("b.env", f"TOKEN={self.token()}\n")
        subprocess.run(["git", "-c", "core.fsmonitor=", "-c", "filter.evil.clean=", "-c",
                        "filter.evil.process=", "-c", "include.path=", "add", "b.env"],
                       cwd=repo.path, env=repo.env, check=False, capture_output=True,
                       timeout=scanning.DEADLINE_S)
        if os.path.exists(ran):
            os.unlink(ran)
        return repo, ran

    SCANS = (["--git"], ["--git", "--range", "HEAD~1..HEAD"], ["--staged"],
             ["--diff", "HEAD~1"], ["--diff", "HEAD~1", "--worktree"], ["."])

    def test_nothing_of_a_hostile_repository_is_run(self):
        repo, ran = self.hostile()
        for words in self.SCANS:
            result = self.scan("--json", *words, cwd=repo.path)
            self.assertIn(result.code, (0, 1, 2), str(result))
            self.assertFalse(os.path.exists(ran), str(result))

    def test_no_program_is_started_and_no_socket_opened(self):
        strace = scanning.strace()
        repo, _ = self.hostile()
        for words in self.SCANS:
            log = self.path("trace")
            subprocess.run([strace, "-f", "-o", log, "-e",
                            "trace=execve,execveat,fork,vfork,clone,clone3,socket,connect,sendto",
                            scanning.BIN, "scan", *words], cwd=repo.path, capture_output=True,
                           check=False, timeout=scanning.DEADLINE_S)
            with open(log, encoding="utf-8", errors="replace") as f:
                lines = f.read().splitlines()
            self.assertEqual(sum("execve" in l for l in lines), 1, lines[:10])
            for line in lines:
                self.assertIsNone(re.search(r"\b(socket|connect|sendto|v?fork)\(", line), line)
                if "clone" in line and "resumed" not in line and "ENOSYS" not in line:
                    self.assertIn("CLONE_THREAD", line)


class FilesThatSettingsName(scanning.Case):
    def test_one_that_is_missing_is_told_with_its_place(self):
        self.write("a.txt", "x\n")
        for key, value in (("baseline", "nope.json"), ("rules", "[nope.yaml]")):
            self.write(".reeve.yaml", f"scan:\n  strict: true\n  {key}: {value}\n")
            said = self.refused(["scan"], ".reeve.yaml:3:", value.strip("[]"), "next: mend the name")
            self.assertRegex(said.err.decode(), r"reeve: \.reeve\.yaml:3:[0-9]+: there is no ")
        os.unlink(self.path(".reeve.yaml"))
        self.refused(["scan", "--baseline", "nope.json"], "nope.json", "next: reeve baseline create")
        self.refused(["scan", "--rules", "nope.yaml"], "--rules: ", "nope.yaml")

    def test_those_of_another_path_are_noted(self):
        for name in ("a", "b", "c"):
            self.write(f"{name}/x.env", f"TOKEN={self.token()}\n")
        self.write("b/.reeveignore", "*.env\n")
        result = self.found("a", "c", "b")
        self.assertEqual(len(result.leaks), 3)
        self.assertEqual(result.err.count(b"is not read"), 1, str(result))
        self.assertIn(b"note: path 3 has a .reeveignore of its own, which is not read", result.err)
        self.assertIn("path 3 has", str(result.document["notes"]))
        self.assertNotIn(b"is not read", self.found("b", "a", "c", "b/x.env", "b").err)
        self.assertIn(b"path 2 has", self.scan("-q", "a", "b/x.env", "--json").out)

    def test_one_outside_of_the_tree_is_told_with_its_place(self):
        self.write("a.txt", "x\n")
        for key, value in (("baseline", "../nope.json"), ("rules", "[../nope.yaml]")):
            self.write(".reeve.yaml", f"scan:\n  {key}: {value}\n")
            self.refused(["scan"], ".reeve.yaml:2:", "outside of the tree")


if __name__ == "__main__":
    scanning.main()
