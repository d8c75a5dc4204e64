"""Pure judgement: what a rule holds against what was seen. Values in, values out."""

from fleet.judge.look import NO_REGISTER, Look, Rule, RuleSetting
from fleet.judge.reasons import REASONS, Advice
from fleet.judge.rules import RULES, judge, verdicts
from fleet.judge.sip_codes import SIP_CODES, SipCode, sip_code

__all__ = [
    "NO_REGISTER",
    "REASONS",
    "RULES",
    "SIP_CODES",
    "Advice",
    "Look",
    "Rule",
    "RuleSetting",
    "SipCode",
    "judge",
    "sip_code",
    "verdicts",
]
