"""Pure judgement: what a rule finds, what lasts, what has one cause. Values in, values out."""

from fleet.judge.causes import CauseSettings, find_causes, registrars_of
from fleet.judge.context import NO_FILES, NO_REGISTER, Context, FileState
from fleet.judge.flapping import LINE_TROUBLE
from fleet.judge.incidents import advance, advance_strangers
from fleet.judge.reasons import REASONS, Advice
from fleet.judge.refusals import REFUSALS
from fleet.judge.rules import (
    FLAGGING,
    LINE_FAILED,
    LINE_FLAPPING,
    LINE_UNREGISTERED,
    PHONE_FLAPPING,
    REFUSED_FOR,
    RULES,
    UNEXPECTED_FETCH,
    About,
    Rule,
    RuleSetting,
    Trouble,
    as_set,
    enabled_rules,
    judge,
    plain_version,
    rules_about,
    rules_that_look,
    trouble_of,
    verdicts,
    watch_for,
)
from fleet.judge.sip_codes import SIP_CODES, SipCode, sip_code

__all__ = [
    "FLAGGING",
    "LINE_FAILED",
    "LINE_FLAPPING",
    "LINE_TROUBLE",
    "LINE_UNREGISTERED",
    "NO_FILES",
    "NO_REGISTER",
    "PHONE_FLAPPING",
    "REASONS",
    "REFUSALS",
    "REFUSED_FOR",
    "RULES",
    "SIP_CODES",
    "UNEXPECTED_FETCH",
    "About",
    "Advice",
    "CauseSettings",
    "Context",
    "FileState",
    "Rule",
    "RuleSetting",
    "SipCode",
    "Trouble",
    "advance",
    "advance_strangers",
    "as_set",
    "enabled_rules",
    "find_causes",
    "judge",
    "plain_version",
    "registrars_of",
    "rules_about",
    "rules_that_look",
    "sip_code",
    "trouble_of",
    "verdicts",
    "watch_for",
]
