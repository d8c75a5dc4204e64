"""Pure judgement: what a rule holds, what lasts, what has one cause. Values in, values out."""

from fleet.judge.beginnings import CauseSettings
from fleet.judge.causes import find_causes, registrars_of
from fleet.judge.flapping import LINE_FLAPPING, LINE_TROUBLE, PHONE_FLAPPING
from fleet.judge.incidents import advance, advance_strangers
from fleet.judge.look import NO_REGISTER, FileLook, Look, Rule, RuleSetting
from fleet.judge.reasons import REASONS, Advice
from fleet.judge.rules import FILE_RULES, RULES, as_set, judge, verdicts
from fleet.judge.sip_codes import SIP_CODES, SipCode, sip_code
from fleet.judge.watching import OPEN_AFTER, RULE_NAMES, watch_for

__all__ = [
    "FILE_RULES",
    "LINE_FLAPPING",
    "LINE_TROUBLE",
    "NO_REGISTER",
    "OPEN_AFTER",
    "PHONE_FLAPPING",
    "REASONS",
    "RULES",
    "RULE_NAMES",
    "SIP_CODES",
    "Advice",
    "CauseSettings",
    "FileLook",
    "Look",
    "Rule",
    "RuleSetting",
    "SipCode",
    "advance",
    "advance_strangers",
    "as_set",
    "find_causes",
    "judge",
    "registrars_of",
    "sip_code",
    "verdicts",
    "watch_for",
]
