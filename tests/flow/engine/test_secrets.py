"""No secret leaves reeve-discover: planted in contents, file names, directory names, URLs and
certificate subjects, then looked for in the database, the logs and every control reply."""

import os
import subprocess
import unittest

import estate
from reeve_agent import Agent


def planted():
    """Values no detector may miss: provider formats, made now, of nobody."""
    key_id, secret = estate.cloud_key()
    token = "gh" + "p_" + estate.random_text(36)
    return key_id, secret, token


class Secrets(unittest.TestCase):
    def test_nothing_the_engine_keeps_or_says_holds_a_planted_value(self):
        key_id, secret, token = planted()
        _, in_name, token_in_name = planted()
        _, _, token_in_dir = planted()
        _, _, token_in_url = planted()
        _, _, token_in_subject = planted()
        private = estate.certificate("/CN=plain.example.org")
        key_lines = private[1].decode().splitlines()[1:-1]
        with Agent(os.environ["RV_BUILD"]) as agent:
            estate.plant_host(agent)
            agent.plant("srv/app/.env", f"AWS_ACCESS_KEY_ID={key_id}\nAWS_SECRET_ACCESS_KEY={secret}\n"
                                        f"GITHUB_TOKEN={token}\n")
            agent.plant(f"srv/app/{token_in_name}.env", f"GITHUB_TOKEN={token}\n")
            agent.plant(f"srv/{token_in_dir}/tls.pem", private[0])
            agent.plant("srv/app/tls.key", private[1], mode=0o600)
            agent.plant("srv/app/remote.env",
                        f"ORIGIN=https://x-access-token:{token_in_url}@example.org/a.git\n")
            agent.plant("srv/app/odd.pem", estate.certificate(f"/CN=odd/O={token_in_subject}")[0])
            os.mkfifo(os.path.join(agent.root, "srv", "app", f"pipe-{token_in_name}"))
            agent.call("discover")
            said = []
            for verb, args in (("status", {}), ("doctor", {}), ("list", {}), ("discover", {"once": True})):
                said.append(repr(agent.call(verb, **args).document))
            items = agent.call("list").data["items"]
            self.assertGreater(len(items), 5)
            for one in items:
                for verb in ("show", "why", "history"):
                    said.append(repr(agent.call(verb, id=one["id"]).document))
            # The values were there to be found: the findings of the plain file say so.
            self.assertTrue(any("/srv/app/.env" in i["where"] for i in items))
            agent.stop()
            kept = []
            for folder, _dirs, files in os.walk(agent.state):
                for name in files:
                    if os.path.basename(folder) != "keys":
                        with open(os.path.join(folder, name), "rb") as one:
                            kept.append((name, one.read()))
            self.assertTrue(any(name.endswith(".db") for name, _ in kept), kept and kept[0][0])
            values = {"secret half": secret, "token": token, "token in a file name": token_in_name,
                      "token in a directory name": token_in_dir, "token in a URL": token_in_url,
                      "token in a subject": token_in_subject, "private key": key_lines[1]}
            log = agent.log()
            for what, value in values.items():
                for form in (value.encode(), value.encode().hex().encode(), value[4:28].encode()):
                    for name, content in kept:
                        self.assertNotIn(form, content, f"{what} in {name}")
                    self.assertNotIn(form, "\n".join(said).encode(), f"{what} in a reply")
                    self.assertNotIn(form, log.encode(), f"{what} in the log")


if __name__ == "__main__":
    unittest.main(verbosity=2)
