"""Placeholders of templates that were left where a value should be; pure.

Any template system's marks count: Jinja, Mako, ERB, PHP, Smarty, FreePBX, FusionPBX,
StringTemplate, shells, Python, autoconf, Mailchimp's and plain angle or square brackets.
"""

from __future__ import annotations

import re

from fleet.phone.parameters import is_secret

_PHONES_OWN = re.compile(
    r"\$\$(?!AA_)(?:[A-Z0-9]{1,40}"
    r"|(?i:SIPUSERNAME|SIPAUTHNAME|DISPLAYNAME|PROXYURL|ACTIVEPROXY|LOCALIP|LINESTATE"
    r"|REGISTRATIONSTATE|REGISTRATIONCODE))\$\$"
)
"""What a phone fills in itself: `$$PROXYURL$$`, in capitals without `_` (facts/provisioning 1.3).

`$$AA_SERVER_AA$$` is the mark of the vendor's own scripts.
"""

_SURE = re.compile(
    r"\{\{|\}\}|\{%|%\}|\{#|#\}|<%|%>|<\?|\?>|\[%|%\]|[$#%@!*]\{|\{\$|://[<{\[$%](?![0-9A-Fa-f:])"
    r"|\$\$\w{1,60}\$\$|\[\[|\]\]|@@\w|<<[A-Za-z]"
)
"""Marks that stand in no value of a phone, not even in a dial plan."""

_NAME = r"[A-Za-z_][\w.-]{0,60}"
_LIKELY = re.compile(
    rf"(?<![\w$])\$\(?{_NAME}"  # $x, $x$, $(x)
    rf"|\{{/?{_NAME}(?:[ |=:][^{{}}]{{0,80}})?\}}"  # {x}, {x|default}, {if x}, {/if}
    rf"|(?<!\w)@{_NAME}@(?!\w)"
    rf"|(?<![A-Za-z0-9])__{_NAME}__(?![A-Za-z0-9])"
    rf"|</?{_NAME}(?: [\w .=\"'-]{{0,60}})?/?>"
    rf"|%%?{_NAME}%|%\({_NAME}\)[a-z]?|(?:^|[/@:=])%[ds](?!\w)"
    r"|\*\|\w{1,60}\|\*"
)
_SQUARE = re.compile(r"\[(?:[A-Z][A-Z0-9_ -]{2,60}|[a-z]{1,60}[_-][a-z0-9_-]{1,60}|[a-z]{5,60})\]")
_PERCENT_FORM = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*+")
_PATTERNS = ("dial plan", "prefix code", "pickup config", "pickup prefix")
_FOR_PEOPLE = ("label", "display name", "screen name", "screen name 2", "title")


def has_placeholder(name: str, value: str) -> bool:
    """Whether a template's placeholder was left in a parameter's value.

    Dial plans and other patterns may hold any single mark, and so may a password: there a doubtful
    one counts only as the whole value.
    """
    if not value or value.isalnum():
        return False
    text = _PHONES_OWN.sub("", value).strip()
    if _SURE.search(text) is not None:
        return True
    if name.endswith(_PATTERNS):
        return False
    if is_secret(name):
        return _LIKELY.fullmatch(text) is not None or _SQUARE.fullmatch(text) is not None
    if _PERCENT_FORM.fullmatch(text):
        text = text.replace("%", "")
    if _LIKELY.search(text) is not None:
        return True
    return not name.endswith(_FOR_PEOPLE) and _SQUARE.search(text) is not None
