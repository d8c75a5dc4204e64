"""Parameters that can be written, in great variety."""

from __future__ import annotations

from hypothesis import strategies as st

from fleet.phone.config_file import ConfigFile, Parameter, canonical_name

_KNOWN = (
    *("sip line1 user name", "sip line9 password", "prgkey1 type", "expmod3 key36 value"),
    *("dst [start|end] relative date", "vlan id port 1", "admin password", "sip dial plan"),
)
_LETTERS = st.text("abcXYZ019 _-./", min_size=1, max_size=20)
NAMES = st.sampled_from(_KNOWN) | _LETTERS.map(lambda text: canonical_name(f"a{text}z"))
VALUES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters='"'), max_size=40
) | st.text("ab# \u00a0\u00e4:!^", max_size=12)
MARKS = st.sampled_from(((False, False), (True, False), (False, True)))
PARAMETERS = st.builds(
    lambda name, value, marks: Parameter(name=name, value=value, lock=marks[0], overwrite=marks[1]),
    NAMES,
    VALUES,
    MARKS,
)
FILES = st.lists(PARAMETERS, max_size=12).map(lambda them: ConfigFile(parameters=tuple(them)))
