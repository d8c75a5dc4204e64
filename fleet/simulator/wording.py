"""What the status page says in each language: English and French are known, German is a guess.

English and French labels are the firmware's own (facts/web-ui 2.2 and 3.3). No German pack was
found, so a German page only shows how a reader copes with words that it had to be told.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """The labels and values of a status page in one language."""

    line: str
    account: str
    status: str
    backup: str
    registered: str
    unregistered: str
    yes: str
    no: str
    heading: str
    title: str
    mac: str
    platform: str
    firmware: str
    boot: str
    release: str
    clock: str
    attribute: str
    value: str
    expired: str
    log_in_again: str

    @property
    def headers(self) -> tuple[str, str, str, str]:
        """The four column headers of the SIP table, in the page's order."""
        return self.line, self.account, self.status, self.backup


WORDINGS = {
    "en": Wording(
        line="Line",
        account="SIP Account",
        status="Status",
        backup="Backup Registrar Used?",
        registered="Registered",
        unregistered="Unregistered",
        yes="Yes",
        no="No",
        heading="SIP Status",
        title="System Information",
        mac="MAC Address",
        platform="Platform",
        firmware="Firmware Version",
        boot="Boot Version",
        release="Firmware Release Code",
        clock="Date/Time",
        attribute="Attribute",
        value="Value",
        expired="Session Expired",
        log_in_again="Please close the browser or use the link below to log in again.",
    ),
    "fr": Wording(
        line="Ligne",
        account="Compte SIP",
        status="État",
        backup="Serveur Registrar de secours utilisé?",
        registered="Enregistré",
        unregistered="Non enregistré",
        yes="Oui",
        no="Non",
        heading="État SIP",
        title="Informations système",
        mac="Adresse MAC",
        platform="Plate-forme",
        firmware="Version logicielle",
        boot="Version Boot",
        release="Code Version",
        clock="Date/Heure",
        attribute="Attribut",
        value="Valeur",
        expired="Session Expired",
        log_in_again="Please close the browser or use the link below to log in again.",
    ),
    "de": Wording(
        line="Leitung",
        account="SIP-Konto",
        status="Zustand",
        backup="Ersatz-Registrar benutzt?",
        registered="Angemeldet",
        unregistered="Nicht angemeldet",
        yes="Ja",
        no="Nein",
        heading="SIP-Zustand",
        title="Systeminformationen",
        mac="MAC-Adresse",
        platform="Plattform",
        firmware="Firmware-Version",
        boot="Boot-Version",
        release="Firmware-Kennung",
        clock="Datum/Uhrzeit",
        attribute="Merkmal",
        value="Wert",
        expired="Session Expired",
        log_in_again="Please close the browser or use the link below to log in again.",
    ),
}


def words_to_teach(language: str) -> dict[str, tuple[str, ...]]:
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
