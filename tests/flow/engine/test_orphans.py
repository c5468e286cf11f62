"""On a clean Debian at most five credentials have no owner: the distribution's own things are
recognised for what they are."""

import os
import subprocess
import sys
import unittest

from reeve_agent import Agent

MAKER = os.path.join(os.environ["RV_SOURCE"], "tests", "support", "debian_root.sh")


class Clean(unittest.TestCase):
    def test_a_clean_debian_has_at_most_five_orphans(self):
        if os.geteuid() != 0:
            self.skipTest("making a root file system needs root")
        if not os.path.exists(MAKER):
            self.skipTest("tests/support/debian_root.sh is not there")
        agent = Agent(os.environ["RV_BUILD"], plugins=())
        try:
            made = subprocess.run(["bash", MAKER, agent.root], capture_output=True, text=True,
                                  timeout=550)
            if made.returncode == 77:
                self.skipTest(made.stdout.strip())
            self.assertEqual(made.returncode, 0, made.stderr)
            agent.start()
            agent.passed(120)
            items = agent.call("list").data["items"]
            orphans = agent.call("list", orphans=True).data["items"]
            self.assertGreater(len(items), 10)
            self.assertLessEqual(len(orphans), 5, [(o["name"], o["path"], o["orphan_reason"])
                                                   for o in orphans])
            print(f"{len(items)} credentials, {len(orphans)} orphans", file=sys.stderr)
        finally:
            agent.__exit__()


if __name__ == "__main__":
    unittest.main(verbosity=2)
