"""Measures reeve-inventory on loopback: run.py BIN LOAD [SECONDS]. The load runs on the same cores."""
import os
import subprocess
import sys

os.environ["RV_BIN"] = sys.argv[1]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "inventory"))
from server import Host, Server  # noqa: E402


def memory_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        rows = dict(line.split(":", 1) for line in f)
    return {"rss_kib": int(rows["VmRSS"].split()[0]), "peak_kib": int(rows["VmHWM"].split()[0])}


def main():
    load, seconds = sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "3"
    server = Server().start()
    try:
        print("idle", memory_kib(server.process.pid))
        hosts = [Host(server, name=f"bench-{n}") for n in range(32)]
        for mode, count, items in (("checkin", 1, 100), ("checkin", 32, 100), ("delta", 1, 100),
                                   ("delta", 32, 100), ("full", 8, 100), ("connect", 8, 100)):
            lines = "".join(f"{h.id} {h.cert} {h.key}\n" for h in hosts[:count])
            done = subprocess.run([load, f"127.0.0.1:{server.ports['agents']}", server.ca(), mode,
                                   seconds, str(items)], input=lines, text=True,
                                  capture_output=True, timeout=120)
            print(done.stdout.strip() or done.stderr.strip(), memory_kib(server.process.pid))
            hosts = hosts[count:] + [Host(server, name="more") for _ in range(count)]
    finally:
        server.close()


if __name__ == "__main__":
    main()
