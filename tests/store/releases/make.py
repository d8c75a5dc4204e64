"""Keep a database of this version for the tests of the next: `python tests/store/releases/make.py`.

It is that of `fleet demo --provision` with an audit, then polls of phones that are gone: revisions,
roll-outs, fetches, periods, incidents, and passwords under the key that is kept beside it.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
COMMANDS = (
    ("demo", "--phones", "10", "--provision", "--folder", "."),
    ("audit", "--no-sweep"),
    ("poll",),
    ("poll",),
    ("poll",),
)


def main() -> None:
    """Write VERSION.sql and VERSION.key; an older one is never overwritten."""
    name = version("aastra-fleet")
    with tempfile.TemporaryDirectory() as folder:
        for words in COMMANDS:
            ran = subprocess.run([sys.executable, "-m", "fleet", *words], cwd=folder, check=False)
            if ran.returncode not in {0, 1}:
                raise SystemExit(f"fleet {' '.join(words)} ended with {ran.returncode}.")
        with (HERE / f"{name}.sql").open("x", encoding="utf-8") as file:
            database = sqlite3.connect(Path(folder, "fleet.db"))
            file.writelines(f"{line}\n" for line in database.iterdump())
            database.close()
        (HERE / f"{name}.key").write_bytes(Path(folder, "fleet.key").read_bytes())


if __name__ == "__main__":
    main()
