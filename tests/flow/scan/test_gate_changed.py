"""Under --diff: what a change makes a finding of what was there before, and what it makes pass
without a word of its own."""

import os
import shutil

import scanning
from test_gate import GateCase

FILLER = "".join(f"line {n}\n" for n in range(40))


class Moved(GateCase):
    """A file has another path, at which other settings hold."""

    def move(self, old, new, text=None):
        os.makedirs(os.path.dirname(os.path.join(self.r.path, new)), exist_ok=True)
        self.r.git("mv", old, new)
        self.r.commit({new: text} if text else {})

    def test_out_of_an_excluded_path_it_is_added_whole(self):
        secret = f"TOKEN={self.token()}\n"
        self.into_base({".reeveignore": "vendor/\n", "vendor/x.env": FILLER + secret,
                        "vendor/y.env": FILLER + secret})
        self.move("vendor/x.env", "src/x.env")
        self.assert_places(self.judge(), ("src/x.env", 41))
        self.move("vendor/y.env", "src/y.env", "first\n" + FILLER + secret)
        for more in ((), ("--worktree",)):
            self.assert_places(self.judge(*more), ("src/x.env", 41), ("src/y.env", 42))

    def test_also_when_it_is_staged_only(self):
        self.into_base({".reeveignore": "vendor/\n",
                        "vendor/x.env": f"{FILLER}TOKEN={self.token()}\n"})
        os.mkdir(self.r.path + "/src")
        self.r.git("mv", "vendor/x.env", "src/x.env")
        self.assert_places(self.found("--staged", cwd=self.r.path), ("src/x.env", 41))

    def test_its_markers_are_listed(self):
        self.into_base({".reeveignore": "vendor/\n", "vendor/x.env":
                        f"{FILLER}# reeve:allow reason=\"x\"\nTOKEN={self.token()}\n"})
        self.move("vendor/x.env", "src/x.env")
        listed = self.judge().document["suppressions"]
        self.assertEqual([(s["path"], s["line"]) for s in listed], [("src/x.env", 41)])

    def test_into_an_excluded_path_or_between_two_that_are_looked_at_nothing_is_told(self):
        secret = f"TOKEN={self.token()}\n"
        self.into_base({".reeveignore": "vendor/\n", "x.env": FILLER + secret,
                        "y.env": "y\n" + FILLER + secret})
        self.move("x.env", "vendor/x.env")
        self.move("y.env", "z.env")
        self.judge(code=0)


if __name__ == "__main__":
    if not shutil.which("git"):
        print("SKIPPED: git is not installed")
        raise SystemExit(77)
    scanning.main()
