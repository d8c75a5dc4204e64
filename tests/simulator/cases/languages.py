"""Languages and character sets (facts/web-ui 3.3: the pages' charset is not known)."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.model import Registration
from fleet.simulator.behaviours import in_language
from fleet.simulator.page import status_page
from fleet.simulator.wording import WORDINGS
from tests.simulator.cases.case import Case, Expect, Expected, packaged, pages, reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.simulator.spec import PhoneSpec

_META = "<meta http-equiv='Content-Type' content='text/html; charset=utf-8'>\n"


def _french(
    encode: Callable[[str], bytes], *, meta: str = "", content_type: str = "text/html"
) -> Case:
    """A French page in bytes of some kind, its charset declared by `meta`, the head or not."""
    declared = f"<meta http-equiv='Content-Type' content='text/html; charset={meta}'>\n"

    def render(spec: PhoneSpec) -> bytes:
        return encode(status_page(spec).replace(_META, declared if meta else ""))

    return pages(render, variant=in_language("fr"), content_type=content_type)


def _english_with_accents(charset: str, content_type: str) -> Case:
    """An English page whose only accent is in the footer, so a wrong charset does no harm."""

    def render(spec: PhoneSpec) -> bytes:
        page = status_page(spec).replace(_META, "")
        return page.replace("Copyright", "Copyright \xa9 caf\xe9").encode(charset)

    return pages(render, content_type=content_type)


def _in_charset(charset: str) -> Callable[[str], bytes]:
    return lambda page: page.encode(charset)


def _named_entities(page: str) -> bytes:
    return page.replace("é", "&eacute;").replace("É", "&Eacute;").replace("è", "&egrave;").encode()


def _numeric_entities(page: str) -> bytes:
    return page.encode("ascii", "xmlcharrefreplace")


def _decomposed(page: str) -> bytes:
    return unicodedata.normalize("NFD", page).encode()


def _with_smart_quotes(page: str) -> bytes:
    return page.replace("Copyright", "“Copyright” – …").encode("cp1252")


def _not_understood(spec: PhoneSpec) -> Expected:
    """Rows are found by their shape, but their words mean nothing; codes still do."""
    lines = tuple(
        replace(
            line,
            backup=None,
            registration=line.registration if line.code else Registration.UNKNOWN,
        )
        for line in spec.truth
    )
    return Expected(reach=reads(spec).reach, lines=lines)


def _words_to_teach(language: str) -> dict[str, tuple[str, ...]]:
    """The words of a language under the keys of the settings table `[web_ui.words]`."""
    wording = WORDINGS[language]
    return {
        "registered": (wording.registered,),
        "unregistered": (wording.unregistered,),
        "yes": (wording.yes,),
        "no": (wording.no,),
        "line": (wording.line,),
        "sip_account": (wording.account,),
        "status": (wording.status,),
        "backup": (wording.backup,),
        "mac_address": (wording.mac,),
        "platform": (wording.platform,),
        "firmware_version": (wording.firmware,),
        "boot_version": (wording.boot,),
    }


def _esperanto(expected: Expect = reads, *, taught: bool) -> Case:
    words = _words_to_teach("eo") if taught else {}
    return pages(variant=in_language("eo"), expected=expected, words=words)


LANGUAGES = {
    "french": packaged("french", expected=reads),
    "french_in_capitals": _french(
        lambda page: page.replace("Non enregistré", "NON ENREGISTRÉ").encode()
    ),
    "french_named_entities": _french(_named_entities),
    "french_numeric_entities": _french(_numeric_entities),
    "french_decomposed": _french(_decomposed, meta="utf-8"),
    "french_utf8_in_head": _french(str.encode, content_type="text/html; charset=utf-8"),
    "french_utf8_undeclared": _french(str.encode),
    "french_utf8_bom": _french(_in_charset("utf-8-sig")),
    "french_latin1_in_head": _french(
        _in_charset("latin-1"), content_type="text/html;charset=ISO-8859-1"
    ),
    "french_latin1_in_meta": _french(_in_charset("latin-1"), meta="iso-8859-1"),
    "french_latin1_undeclared": _french(_in_charset("latin-1")),
    "french_cp1252_in_meta": _french(_with_smart_quotes, meta="windows-1252"),
    "french_utf16_bom": _french(_in_charset("utf-16")),
    "french_quoted_charset": _french(str.encode, content_type='text/html; charset="UTF-8"'),
    "french_unknown_charset": _french(str.encode, content_type="text/html; charset=x-aragorn"),
    "german": packaged("german", expected=reads),
    "esperanto": _esperanto(taught=True),
    "esperanto_not_taught": _esperanto(_not_understood, taught=False),
    "charset_wrong_in_head": _english_with_accents("latin-1", "text/html; charset=utf-8"),
    "charset_empty_in_head": _english_with_accents("utf-8", "text/html; charset="),
    "charset_ascii_in_head": _english_with_accents("utf-8", "text/html; charset=us-ascii"),
    "no_content_type": _english_with_accents("utf-8", ""),
    "content_type_text_plain": _english_with_accents("utf-8", "text/plain"),
}
