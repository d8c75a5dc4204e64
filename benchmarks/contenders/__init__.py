"""Who polls the simulated fleet, by name; a new contender is a function and an entry.

A contender takes a `Load` and yields a `Pass` each time it has polled every host.
"""

from __future__ import annotations

from benchmarks.contenders.contender import Contender
from benchmarks.contenders.external import blackbox, check_http, curl
from benchmarks.contenders.fleet_poll import FIRST, SECOND, STEADY, fleet_poll
from benchmarks.contenders.python import bare_streams, naive_httpx

BARE = "(a) bare asyncio streams"
NAIVE = "(b) httpx + html.parser"
CURL = "(c) curl --parallel"
CHECK_HTTP = "(d) check_http, forked"
BLACKBOX = "(e) blackbox_exporter"

CONTENDERS = {
    "fleet": Contender(labels=(FIRST, SECOND, STEADY), poll=fleet_poll, starts=True),
    "bare": Contender(labels=(BARE,), poll=bare_streams, starts=True),
    "naive": Contender(labels=(NAIVE,), poll=naive_httpx, starts=True, most=2_000),
    "curl": Contender(labels=(CURL,), poll=curl, program="curl"),
    "check_http": Contender(
        labels=(CHECK_HTTP,), poll=check_http, program="check_http", linux=True, most=2_000
    ),
    "blackbox": Contender(
        labels=(BLACKBOX,), poll=blackbox, program="prometheus-blackbox-exporter", linux=True
    ),
}

__all__ = ["BARE", "BLACKBOX", "CONTENDERS", "FIRST", "NAIVE", "SECOND", "STEADY", "Contender"]
