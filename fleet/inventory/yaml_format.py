"""The YAML inventory: sites with their phones nested, profiles for what many have in common.

    profiles:
      office: {registrar: pbx.example, registrar_port: 5060, username: admin, password: "22222"}
    sites:
      Berlin:
        timezone: Europe/Berlin
        networks: [10.1.0.0/24]
        profile: office
        phones:
          - host: 10.1.0.11
            name: Reception
            lines:
              - {line: 1, user: 1001, sip_password: "s3cret"}
    phones:
      - host: 10.9.0.1          # of no site, or of the site named with `site`

A profile's registrars go to each line that does not name its own: the line's profile first, then
the phone's, then the site's. Its username, password and legacy_tls go to the site or phone that
uses it; a line has no use for them. A phone without the key `lines` keeps its accounts.

What the phones' files shall say stands under `configuration`, in `fleet`, in `models: {6753i: …}`,
in sites, phones and profiles (see `configuration`). `profiles: [a, b]` names several, of which
the last one counts. Whoever has neither `configuration` nor such a profile keeps what is stored; a
`configuration` that is there says all of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from fleet.errors import InventoryError
from fleet.inventory.configuration import ConfigurationReader
from fleet.inventory.entries import (
    ACCOUNT_COLUMNS,
    SECRETS,
    UNSAID,
    AccountEntry,
    InventoryFile,
    PhoneEntry,
    SiteEntry,
    Unsaid,
)
from fleet.inventory.validate import clean, did_you_mean, network, read_value, repeated
from fleet.inventory.yaml_nodes import Document, Place
from fleet.model import Intent
from fleet.phone.catalog import MODELS, model_named, model_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fleet.inventory.yaml_nodes import Node

    Said: TypeAlias = dict[str, Any]  # an entry's fields by name, as far as the file says them
    Keys: TypeAlias = Mapping[str, Node]

_TEXT = "tag:yaml.org,2002:str"
_REGISTRARS = ("registrar", "registrar_port", "backup_registrar", "backup_registrar_port")
_LOGIN = ("username", "password", "legacy_tls")
_SITE_FIELDS = ("timezone", *_LOGIN)
_INTENT = ("profile", "profiles", "configuration")
_TOP = ("clear_secrets", "secrets", "profiles", "fleet", "models", "sites", "phones")
_SITE_KEYS = (*_SITE_FIELDS, "networks", *_INTENT, "phones")
_PHONE_FIELDS = ("mac", "model", "name", *_LOGIN)
_PHONE_KEYS = ("host", *_PHONE_FIELDS, *_INTENT, "lines")
_ACCOUNT_FIELDS = tuple(name for name in ACCOUNT_COLUMNS if name != "line")


def parse_yaml(text: str, *, source: str = "The file") -> InventoryFile:
    """Read YAML text. Raises InventoryError with every bad place, by path and line."""
    document = Document(text, source)
    if document.root is None:
        raise InventoryError(f"{source} is empty.")
    file = _Reader(document).file(document.root)
    document.bad += repeated(file.phones)
    if bad := document.bad:
        many = "1 place" if len(bad) == 1 else f"{len(bad)} places"
        message = f"{source} has errors in {many}; nothing was changed."
        raise InventoryError(message, bad)
    if file.says_nothing:
        raise InventoryError(f"{source} has no sites and no phones.")
    return file


class _Reader:
    """Walks a document by its schema; what cannot be taken goes to the document's bad places."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._configurations = ConfigurationReader(document, clear_secrets=False)
        self._profiles: dict[str, Said] = {}
        self._configured: dict[str, Intent] = {}
        self._sites: list[SiteEntry] = []
        self._phones: list[PhoneEntry] = []

    def file(self, root: Node) -> InventoryFile:
        """The whole file."""
        top = self._document.keys(Place(path=""), root, _TOP)
        secrets = self._secrets(top)
        for place, name, node in self._named(Place(path="profiles"), top.get("profiles")):
            self._read_profile(place, name, node)
        fleet, models = self._fleet(top), dict(self._models(top.get("models")))
        for place, name, node in self._named(Place(path="sites"), top.get("sites")):
            self._site(place, name, node)
        if "phones" in top:
            for place, node in self._document.items(Place(path="phones"), top["phones"]):
                self._phone(place, node, {}, (*_PHONE_KEYS, "site"))
        return InventoryFile(
            sites=tuple(self._sites),
            phones=tuple(self._phones),
            fleet=fleet,
            models=models,
            profiles=self._configured,
            secrets=secrets | self._configurations.secrets,
        )

    def _secrets(self, top: Keys) -> dict[str, str]:
        """The named secrets that stand in the file, and whether any may stand there in clear."""
        place = Place(path="clear_secrets")
        clear = "clear_secrets" in top and self._document.choice(place, top["clear_secrets"])
        self._configurations = ConfigurationReader(self._document, clear_secrets=bool(clear))
        if "secrets" in top and not clear:
            reason = (
                "contains secrets in clear text; put clear_secrets: true at the top of the file"
            )
            self._document.refuse(Place(path="secrets"), top["secrets"], reason)
        values = self._named(Place(path="secrets"), top.get("secrets"))
        return {name: self._document.text(place, node) or "" for place, name, node in values}

    def _read_profile(self, place: Place, name: str, node: Node) -> None:
        names = (*_LOGIN, *_REGISTRARS)
        keys = self._document.keys(place, node, (*names, "configuration"))
        self._profiles[name] = self._fields(place, keys, names)
        if "configuration" in keys:
            at, node = place.key("configuration"), keys["configuration"]
            self._configured[name] = self._configurations.read(at, node, f"profile {name}")

    def _fleet(self, top: Keys) -> Intent | Unsaid:
        if "fleet" not in top:
            return UNSAID
        place = Place(path="fleet")
        keys = self._document.keys(place, top["fleet"], _INTENT)
        return self._intent(place, keys, "fleet")[1]

    def _models(self, node: Node | None) -> Iterator[tuple[str, Intent]]:
        for place, name, below in self._named(Place(path="models"), node):
            model = model_named(name)
            keys = self._document.keys(place, below, _INTENT)
            if model_table(model) is None:
                hint = did_you_mean(name, MODELS) or "; write 6753i"
                self._document.refuse(place, below, f"is not a model that fleet knows{hint}")
            elif not isinstance(intent := self._intent(place, keys, f"model {model}")[1], Unsaid):
                yield model, intent

    def _intent(self, place: Place, keys: Keys, owner: str) -> tuple[Said, Intent | Unsaid]:
        """What the profiles that something uses say of it, and its intent, if it says any."""
        used = self._profiles_of(place, keys)
        said: Said = {}
        for name in used:
            said |= self._profiles[name]
        configured = tuple(name for name in used if name in self._configured)
        if "configuration" not in keys and "profiles" not in keys and not configured:
            return said, UNSAID
        own = Intent()
        if "configuration" in keys:
            at = place.key("configuration")
            own = self._configurations.read(at, keys["configuration"], owner)
        return said, replace(own, profiles=configured)

    def _named(self, place: Place, node: Node | None) -> Iterator[tuple[Place, str, Node]]:
        if node is None:
            return
        for name, value in self._document.keys(place, node).items():
            try:
                yield place.key(name), clean(name), value
            except ValueError as error:
                self._document.refuse(place, value, f"the name {name[:80]!r}: {error}")

    def _site(self, place: Place, name: str, node: Node) -> None:
        keys = self._document.keys(place, node, _SITE_KEYS)
        profile, intent = self._intent(place, keys, f"site {name}")
        said = _only(profile, _LOGIN) | self._fields(place, keys, _SITE_FIELDS)
        if "networks" in keys:
            said["networks"] = tuple(self._networks(place.key("networks"), keys["networks"]))
        where = self._document.where(place, node)
        self._sites.append(SiteEntry(where=where, name=name, intent=intent, **said))
        if "phones" in keys:
            handed_down = {"site": name, **_only(profile, _REGISTRARS)}
            for item_place, item in self._document.items(place.key("phones"), keys["phones"]):
                self._phone(item_place, item, handed_down, _PHONE_KEYS)

    def _networks(self, place: Place, node: Node) -> Iterator[str]:
        for item_place, item in self._document.items(place, node):
            text = self._document.text(item_place, item)
            try:
                if text is not None:
                    yield network(clean(text))
            except ValueError as error:
                self._document.refuse(item_place, item, f"{text!r}: {error}")

    def _phone(self, place: Place, node: Node, above: Said, known: Sequence[str]) -> None:
        keys = self._document.keys(place, node, known)
        fields = self._fields(place, keys, (*_PHONE_FIELDS, "site", "host"))
        owner = f"phone {fields.get('mac') or fields.get('host')}"
        profile, intent = self._intent(place, keys, owner)
        said = _only(above, ("site",)) | _only(profile, _LOGIN) | fields
        registrars = _only(above, _REGISTRARS) | _only(profile, _REGISTRARS)
        if "lines" in keys:
            said["accounts"] = tuple(self._accounts(place.key("lines"), keys["lines"], registrars))
        if said.get("host"):
            where = self._document.where(place, node)
            self._phones.append(PhoneEntry(where=where, intent=intent, **said))
        elif "host" not in keys or "host" in said:
            self._document.refuse(place, node, "host is missing")

    def _accounts(self, place: Place, node: Node, above: Said) -> Iterator[AccountEntry]:
        for item_place, item in self._document.items(place, node):
            keys = self._document.keys(item_place, item, (*ACCOUNT_COLUMNS, "profile"))
            profile = self._intent(item_place, keys, "")[0]
            said = above | _only(profile, _REGISTRARS)
            said |= self._fields(item_place, keys, ("line", *_ACCOUNT_FIELDS))
            if said.get("line"):
                yield AccountEntry(where=self._document.where(item_place, item), **said)
            elif "line" not in keys or "line" in said:
                self._document.refuse(item_place, item, "line is missing")

    def _profiles_of(self, place: Place, keys: Keys) -> list[str]:
        """The profiles that something uses, each once, in the order in which they are taken."""
        named = [(place.key("profile"), keys["profile"])] if "profile" in keys else []
        if "profiles" in keys:
            named += self._document.items(place.key("profiles"), keys["profiles"])
        used: dict[str, None] = {}
        for at, node in named:
            name = self._document.text(at, node)
            if name and name not in self._profiles:
                known = ", ".join(self._profiles) or "none"
                self._document.refuse(at, node, f"{name!r} is not a profile; the file has {known}")
            elif name:
                used[name] = None
        return list(used)

    def _fields(self, place: Place, keys: Keys, names: Sequence[str]) -> Said:
        said = {
            name: self._field(place.key(name), name, keys[name]) for name in names if name in keys
        }
        return {name: value for name, value in said.items() if value is not UNSAID}

    def _field(self, place: Place, name: str, node: Node) -> Any:
        if name == "legacy_tls":
            return self._document.choice(place, node)
        text = self._document.text(place, node)
        if name == "password" and text == "" and node.tag == _TEXT:
            return ""  # written as "": the password that the phones' `user` has
        try:
            return UNSAID if text is None else read_value(name, text)
        except ValueError as error:
            shown = "" if name in SECRETS else f"{(text or '')[:80]!r}: "
            self._document.refuse(place, node, f"{shown}{error}")
            return UNSAID


def _only(said: Said, names: Sequence[str]) -> Said:
    return {name: said[name] for name in names if name in said}
