"""Who the phone says it is: models, platforms, MAC spellings, realms, a clock that ticks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.simulator.page import status_page
from fleet.simulator.visit import STATUS_PATH, Reply, Visit, challenge, guarded, http
from tests.simulator.cases.case import Case, Expect, Expected, answers, packaged, pages, reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.simulator.spec import PhoneSpec


def _is(**fields: str) -> Case:
    """A phone of another model or firmware."""
    return pages(variant=lambda spec: replace(spec, **fields))  # type: ignore[arg-type]


def _platform(text: str, model: str) -> Case:
    """A phone whose `Platform` cell says its model in other words."""
    return _told(
        lambda spec: status_page(spec).replace(f"<td>{spec.model}</td>", f"<td>{text}</td>"),
        model,
    )


def _told(render: Callable[[PhoneSpec], str], model: str = "6753i") -> Case:
    return pages(render, variant=lambda spec: replace(spec, model=model))


def _mac(spell: Callable[[str], str]) -> Case:
    return _told(lambda spec: status_page(spec).replace(spec.mac, spell(spec.mac)))


def _without(label: str, cell: Callable[[PhoneSpec], str], expected: Expect) -> Case:
    """A page that leaves a row out."""

    def render(spec: PhoneSpec) -> str:
        return status_page(spec).replace(f"<tr><td>{label}</td><td>{cell(spec)}</td></tr>\n", "")

    return pages(render, expected=expected)


def _no_mac(spec: PhoneSpec) -> Expected:
    return replace(reads(spec), mac="")


def _no_firmware(spec: PhoneSpec) -> Expected:
    return replace(reads(spec), firmware="")


def _any_model(spec: PhoneSpec) -> Expected:
    return replace(reads(spec), model=None)


def _realm(text: str) -> Case:
    """A phone that names its login in another way; a poller without credentials is told so."""

    def respond(visit: Visit) -> Reply:
        if not visit.logged_in:
            return challenge(text)
        return guarded(visit, http("200 OK", status_page(visit.spec).encode()))

    return answers(respond, expected=reads)


def _login_asked_again(text: str) -> Case:
    """The same, but asking at the first request although the password was right."""

    def respond(visit: Visit) -> Reply:
        if not visit.logged_in or visit.memory.visits == 1:
            return challenge(text)
        if visit.path == STATUS_PATH:
            visit.memory.visits = 0
        return guarded(visit, http("200 OK", status_page(visit.spec).encode()))

    return answers(respond, expected=reads)


IDENTITY = {
    "model_6757i_ct": _is(model="6757i CT"),
    "model_9480i": _is(model="9480i", firmware="3.3.1.4365"),
    "model_6869i": _is(model="6869i", firmware="4.2.0.2023"),
    "model_6920": _is(model="6920", firmware="6.4.0.140", mac="14:00:E9:1F:03:EA"),
    "platform_53i": _platform("53i", "6753i"),
    "platform_57i_ct": _platform("57i CT", "6757i CT"),
    "platform_with_maker": _platform("Aastra 6753i", "6753i"),
    "platform_with_revision": _platform("9112i Revision 0", "9112i"),
    "platform_missing": _without("Platform", lambda spec: spec.model, _any_model),
    "title_missing": _told(
        lambda spec: status_page(spec).replace(f"<title>{spec.realm}</title>\n", "")
    ),
    "mac_with_dashes": _mac(lambda mac: mac.replace(":", "-")),
    "mac_bare": _mac(lambda mac: mac.replace(":", "")),
    "mac_in_small_letters": _mac(str.lower),
    "mac_missing": _without("MAC Address", lambda spec: spec.mac, _no_mac),
    "firmware_missing": _without("Firmware Version", lambda spec: spec.firmware, _no_firmware),
    "labels_with_colons": _told(
        lambda spec: (
            status_page(spec)
            .replace("<td>MAC Address<", "<td>MAC Address:<")
            .replace("<td>Platform<", "<td>Platform :<")
        )
    ),
    "clock_ticks": packaged("clock_ticks", expected=reads),
    "realm_of_1_x": _realm("Please enter User name and password"),
    "realm_of_1_x_asked_again": _login_asked_again("Please enter User name and password"),
    "realm_mitel": _login_asked_again("Mitel 6920"),
    "realm_ct": _login_asked_again("Aastra 6757i CT"),
    "realm_in_small_letters": _login_asked_again("aastra 6753i"),
}
