"""Intents in great variety."""

from __future__ import annotations

from hypothesis import strategies as st

from fleet.model import NO_INTENT, Intent, Inventory, Phone, SecretKind, SecretRef, Site, Wanted
from fleet.phone.config_file import canonical_name, numbered
from fleet.phone.parameters import PARAMETERS, is_secret
from tests.phone.config_file.strategies import NAMES, VALUES

REFS = st.builds(
    SecretRef,
    kind=st.sampled_from(SecretKind),
    name=st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
)
MARKS = st.sampled_from([(False, False), (True, False), (False, True)])
_TYPICAL = st.sampled_from(["", "0", "1", "5060", "0012", "pbx.example", "udp", "lang_de.txt", "x"])
_PLAIN = [name for name in PARAMETERS if not numbered(name).numbers]
_ALL_KEYS = [
    f"{key} {word}"
    for key in ("prgkey1", "softkey2", "expmod1 key5")
    for word in ("type", "value", "line", "label", "locked", "states")
]


def _known(family: str) -> str:
    return canonical_name(family.replace("X", "1").replace("N", "2"))


PARAMETER_NAMES = (
    st.sampled_from([_known(family) for family in PARAMETERS]) | st.sampled_from(_ALL_KEYS) | NAMES
)


@st.composite
def wanted(draw: st.DrawFn, name: str) -> Wanted:
    texts = st.just("") if is_secret(name) else _TYPICAL | VALUES
    lock, overwrite = draw(MARKS)
    value = draw(st.none() | REFS | texts)
    return Wanted(value=value, lock=lock, overwrite=overwrite)


@st.composite
def bundles(draw: st.DrawFn) -> dict[str, Wanted]:
    """All parameters of one friendly key, alike marked, or nearly."""
    names = draw(
        st.sampled_from(
            [
                ("vlan id", "tagging enabled"),
                ("time server1", "time server2", "time server3", "time server disabled"),
                tuple(f"language {slot}" for slot in (1, 2, 3, 4)),
                tuple(f"prgkey1 {word}" for word in ("type", "value", "line", "label", "locked")),
                ("xml application post list",),
                ("sip transport protocol",),
            ]
        )
    )
    lock, overwrite = draw(MARKS)
    value = st.sampled_from([None, "1", "0", "4", "lang_de.txt", "a,b", "a,,b", "ntp.example"])
    return {name: Wanted(value=draw(value), lock=lock, overwrite=overwrite) for name in names}


@st.composite
def intents(draw: st.DrawFn, profiles: tuple[str, ...] = ()) -> Intent:
    names = draw(st.lists(PARAMETER_NAMES, unique=True, max_size=6))
    own = {name: draw(wanted(name)) for name in names}
    used = draw(st.lists(st.sampled_from(profiles), unique=True)) if profiles else []
    return Intent(
        parameters={**draw(bundles() | st.just({})), **own},
        profiles=tuple(used),
        timezone=draw(st.sampled_from([None, "", "Europe/Berlin", "UTC"])),
        modules=draw(st.sampled_from([None, (), ("M670i",), ("M675i", "M670i", "M670i")])),
    )


@st.composite
def intended_inventories(draw: st.DrawFn) -> Inventory:
    """Inventories with intents at every level; a profile that is used may say nothing."""
    profiles = ("a", "de 1")
    intent = intents(profiles) | st.just(NO_INTENT)
    return Inventory(
        sites=(Site(name="Berlin", intent=draw(intent)),),
        phones=(
            Phone(host="10.0.0.1", site="Berlin", intent=draw(intent)),
            Phone(host="10.0.0.2", mac="00:08:5D:00:00:02", intent=draw(intent)),
        ),
        fleet=draw(intent),
        models={"6753i": draw(intents(profiles))} if draw(st.booleans()) else {},
        profiles={"a": draw(intents())} if draw(st.booleans()) else {},
        secrets=draw(st.dictionaries(st.sampled_from(["x", "site Berlin pw"]), VALUES)),
    )
