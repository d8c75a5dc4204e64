"""The use case: what phones say of themselves by their action URIs (facts/web-ui 4.1).

A push is evidence, not truth. One that names a line for sure and says that it lost its
registration opens an incident at once, unconfirmed; no push ever resolves one. Whatever a phone
says, it is polled within seconds, and the poll decides.
"""

from fleet.push.callers import Caller, callers
from fleet.push.ingest import PushIngest, Taken
from fleet.push.request import Push, PushEvent, PushState, read_push

__all__ = [
    "Caller",
    "Push",
    "PushEvent",
    "PushIngest",
    "PushState",
    "Taken",
    "callers",
    "read_push",
]
