"""A registrar command for tests: tells a simulated registrar by its control API, or does not.

    teller.py CONTROL-URL WAY FOLDER

It writes what of it anybody on the machine can see into the folder, a file for each run. A way is
`tell`, `lie` (says that it told and did not), `fail` (tells nobody and says so), `half` (tells and
then fails), `sleep`, or `lie:USER` and the like, for one user alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path


def main() -> int:
    url, way, folder = sys.argv[1:]
    said = json.loads(sys.stdin.readline())
    visible = [" ".join(sys.argv), *(f"{name}={value}" for name, value in os.environ.items())]
    run = Path(folder) / f"{said['user']}-{time.time_ns()}-{os.getpid()}"
    run.write_text("\n".join(visible), encoding="utf-8")
    sys.stdout.write(f"{said['user']} gets {said['password']}\n")
    sys.stdout.flush()
    what, _, user = way.partition(":")
    if user and user != said["user"]:
        what = "tell"
    if what == "sleep":
        time.sleep(600)
    if what in ("tell", "half"):
        body = json.dumps({"passwords": {said["user"]: said["password"]}}).encode()
        request = urllib.request.Request(f"{url}/registrars/0", body, method="PATCH")
        urllib.request.urlopen(request).close()
    return 7 if what in ("fail", "half") else 0


if __name__ == "__main__":
    sys.exit(main())
