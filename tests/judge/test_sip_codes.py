"""What SIP response codes are called and mean."""

from __future__ import annotations

import pytest

from fleet.judge import SIP_CODES, sip_code

# RFC 3261, section 21 (the codes that end a request), and the table of SIP response codes at IANA.
NAMES = {
    300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy",
    380: "Alternative Service", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
    413: "Request Entity Too Large", 415: "Unsupported Media Type", 416: "Unsupported URI Scheme",
    420: "Bad Extension", 421: "Extension Required", 423: "Interval Too Brief",
    428: "Use Identity Header", 433: "Anonymity Disallowed", 437: "Unsupported Certificate",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    483: "Too Many Hops", 484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here",
    487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event",
    491: "Request Pending", 493: "Undecipherable", 494: "Security Agreement Required",
    500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Server Time-out", 505: "Version Not Supported",
    513: "Message Too Large", 580: "Precondition Failure", 600: "Busy Everywhere", 603: "Decline",
    604: "Does Not Exist Anywhere", 606: "Not Acceptable", 607: "Unwanted", 608: "Rejected",
}  # fmt: skip


def test_codes_have_the_names_of_their_rfcs() -> None:
    assert {code: sip_code(code).name for code in NAMES} == NAMES


def test_both_codes_of_a_wrong_login_say_so() -> None:
    meanings = {code for code, known in SIP_CODES.items() if "wrong SIP password" in known.meaning}
    assert meanings == {401, 407}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (399, "Redirection"),
        (400, "Bad Request"),
        (499, "Request Failure"),
        (599, "Server Failure"),
        (699, "Global Failure"),
        (700, "SIP error"),
        (0, "SIP error"),
        (None, "SIP error"),
    ],
)
def test_an_unknown_code_is_taken_by_its_class(code: int | None, name: str) -> None:
    assert sip_code(code).name == name
