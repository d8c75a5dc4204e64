"""The labels and values of the status page in each language.

English, French and German are the firmware's own (facts/web-ui 2.2, 3.3 and 8). Phones have no
Esperanto: it stands for a language whose words a reader has to be taught.
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
        boot="Version d'amorçage",
        release="Code de version du logiciel",
        clock="Date/Heure",
        attribute="Attribut",
        value="Valeur",
        expired="La session a expiré",
        log_in_again="Veuillez fermer le navigateur.",
    ),
    "de": Wording(
        line="Leitung",
        account="SIP-Konto",
        status="Status",
        backup="Backup Registrar verwendet?",
        registered="Registriert",
        unregistered="Nicht registriert",
        yes="Ja",
        no="Nein",
        heading="SIP Status",
        title="Systeminformationen",
        mac="MAC-Adr. EG",
        platform="Plattform",
        firmware="Firmware-Version",
        boot="Boot-Version",
        release="Firmware-Release-Code",
        clock="Datum/Zeit",
        attribute="Attribut",
        value="Wert",
        expired="Sitzung abgelaufen",
        log_in_again="Bitte Browser schliessen oder nutzen Sie den Link.",
    ),
    "eo": Wording(
        line="Linio",
        account="SIP-konto",
        status="Stato",
        backup="Rezerva registrejo uzata?",
        registered="Registrita",
        unregistered="Neregistrita",
        yes="Jes",
        no="Ne",
        heading="Stato de SIP",
        title="Informoj pri la sistemo",
        mac="MAC-adreso",
        platform="Platformo",
        firmware="Versio de firmvaro",
        boot="Versio de praŝargo",
        release="Kodo de firmvaro",
        clock="Dato/horo",
        attribute="Eco",
        value="Valoro",
        expired="Seanco finiĝis",
        log_in_again="Bonvolu fermi la foliumilon.",
    ),
}
