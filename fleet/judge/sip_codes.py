"""SIP response codes: name, what one usually means for a REGISTER, and what to check.

Names are those of RFC 3261 section 21 and of the RFCs that add to it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SipCode:
    """A code's standard name, its usual meaning when a phone shows it, and what to look at."""

    name: str
    meaning: str
    check: str


def _code(name: str, meaning: str, check: str) -> SipCode:
    return SipCode(name=name, meaning=meaning, check=check)


_LOGIN = (
    "Compare auth name and SIP password with the registrar's. After a rejected REGISTER the phone "
    "waits up to 30 minutes before it tries again, so a repaired line may show this for as long."
)
_NETWORK = (
    "Check that the registrar runs, its name resolves, and nothing filters the way from the "
    "phone's network to its SIP port. If many phones show this, look at the registrar first."
)
_ACCOUNT = "Check that the user exists and is enabled on that registrar, and how it is spelled."
_POLICY = (
    "Check the registrar's rules for this user: permitted networks, device or licence limits, "
    "blocks after too many wrong passwords."
)
_ODD = "Look at the registrar's log for this user; a packet capture shows what it objects to."
_TRANSPORT = "Check the transport (UDP, TCP, TLS) and the security the registrar asks for."
_CALL = "An answer about calls, not registrations: check that the registrar's address is right."
_MOVED = "Check the registrar's address: the phone was told to go elsewhere."

SIP_CODES: dict[int, SipCode] = {
    300: _code("Multiple Choices", "the registrar names several other places", _MOVED),
    301: _code("Moved Permanently", "the registrar has moved", _MOVED),
    302: _code("Moved Temporarily", "the registrar sends the phone elsewhere", _MOVED),
    305: _code("Use Proxy", "the registrar wants a proxy to be used", _MOVED),
    380: _code("Alternative Service", "the registrar names another service", _MOVED),
    400: _code("Bad Request", "the registrar does not understand the phone", _ODD),
    401: _code("Unauthorized", "wrong SIP password or auth name", _LOGIN),
    402: _code("Payment Required", "the provider requires payment", _POLICY),
    403: _code("Forbidden", "the registrar does not allow this user or phone", _POLICY),
    404: _code("Not Found", "the registrar does not know this user", _ACCOUNT),
    405: _code("Method Not Allowed", "the address takes no registrations", _CALL),
    406: _code("Not Acceptable", "the registrar cannot answer as the phone asks", _ODD),
    407: _code("Proxy Authentication Required", "wrong SIP password or auth name", _LOGIN),
    408: _code("Request Timeout", "the registrar did not answer", _NETWORK),
    410: _code("Gone", "the user is no longer on this registrar", _ACCOUNT),
    413: _code("Request Entity Too Large", "the registrar finds the request too large", _ODD),
    415: _code("Unsupported Media Type", "the registrar does not take the request's body", _ODD),
    416: _code("Unsupported URI Scheme", "the registrar does not take sip: or sips:", _TRANSPORT),
    420: _code("Bad Extension", "the phone asks for an extension the registrar lacks", _ODD),
    421: _code("Extension Required", "the registrar wants an extension the phone lacks", _ODD),
    423: _code(
        "Interval Too Brief",
        "the phone asks for a shorter registration than allowed",
        "Raise the phone's registration period to at least the registrar's minimum.",
    ),
    424: _code("Bad Location Information", "the registrar rejects the phone's location", _ODD),
    428: _code("Use Identity Header", "the registrar wants a signed identity", _ODD),
    429: _code("Provide Referrer Identity", "the registrar wants a signed referrer", _ODD),
    433: _code("Anonymity Disallowed", "the registrar takes no anonymous requests", _ACCOUNT),
    436: _code("Bad Identity Info", "the registrar cannot verify the identity", _ODD),
    437: _code("Unsupported Certificate", "the registrar rejects a certificate", _TRANSPORT),
    438: _code("Invalid Identity Header", "the registrar rejects the signed identity", _ODD),
    439: _code("First Hop Lacks Outbound Support", "a proxy on the way is too old", _ODD),
    480: _code("Temporarily Unavailable", "the registrar cannot serve this user now", _ACCOUNT),
    481: _code("Call/Transaction Does Not Exist", "the registrar lost the dialogue", _ODD),
    482: _code("Loop Detected", "the request came round in a circle", _MOVED),
    483: _code("Too Many Hops", "the request passed too many proxies", _MOVED),
    484: _code("Address Incomplete", "the user part is incomplete", _ACCOUNT),
    485: _code("Ambiguous", "the user part fits several users", _ACCOUNT),
    486: _code("Busy Here", "the address answers as a phone that is busy", _CALL),
    487: _code("Request Terminated", "the request was given up on the way", _NETWORK),
    488: _code("Not Acceptable Here", "the registrar rejects what the phone offers", _ODD),
    489: _code("Bad Event", "the address does not know the event asked for", _ODD),
    491: _code("Request Pending", "another request was still under way", _ODD),
    493: _code("Undecipherable", "the registrar cannot decrypt the request", _TRANSPORT),
    494: _code("Security Agreement Required", "the registrar wants more security", _TRANSPORT),
    500: _code("Server Internal Error", "the registrar has an internal error", _NETWORK),
    501: _code("Not Implemented", "the address takes no registrations", _CALL),
    502: _code("Bad Gateway", "a server behind the registrar sent an invalid response", _NETWORK),
    503: _code("Service Unavailable", "the registrar cannot be reached or is overloaded", _NETWORK),
    504: _code("Server Time-out", "a server behind the registrar did not answer", _NETWORK),
    505: _code("Version Not Supported", "the address does not speak SIP 2.0", _TRANSPORT),
    513: _code("Message Too Large", "the registrar finds the message too large", _ODD),
    580: _code("Precondition Failure", "the registrar cannot meet a precondition", _ODD),
    600: _code("Busy Everywhere", "the address answers as a user who is busy", _CALL),
    603: _code("Decline", "the registrar declines this user or phone", _POLICY),
    604: _code("Does Not Exist Anywhere", "nobody knows this user", _ACCOUNT),
    606: _code("Not Acceptable", "the registrar rejects what the phone offers", _ODD),
    607: _code("Unwanted", "the registrar does not want this request", _POLICY),
    608: _code("Rejected", "something on the way rejected the request", _POLICY),
}

_CLASSES = {
    3: _code("Redirection", "the registrar sends the phone elsewhere", _MOVED),
    4: _code("Request Failure", "the registrar rejects the registration", _ODD),
    5: _code("Server Failure", "the registrar cannot do its work", _NETWORK),
    6: _code("Global Failure", "the registrar rejects the registration for good", _POLICY),
}
_ANY = _code("SIP error", "the registration failed", _ODD)


def sip_code(code: int | None) -> SipCode:
    """What is known about a code; an unknown one is taken by its class (RFC 3261, 8.1.3.2)."""
    if code is None:
        return _ANY
    return SIP_CODES.get(code) or _CLASSES.get(code // 100, _ANY)
