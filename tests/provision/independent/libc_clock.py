"""The C library as a phone's clock: run as a program, it says offsets for POSIX `TZ` texts.

Reads lines of a `TZ` text and seconds since 1970, all parted by blanks; writes a line of offsets
to UTC, in seconds, for each.
"""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    for line in sys.stdin:
        zone, *moments = line.split()
        os.environ["TZ"] = zone
        time.tzset()
        print(*(time.localtime(int(moment)).tm_gmtoff for moment in moments))  # noqa: T201


if __name__ == "__main__":
    main()
