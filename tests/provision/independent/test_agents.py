"""User-Agents that other provisioners have seen: model, MAC and firmware."""

from __future__ import annotations

from typing import Any

from fleet.phone.catalog import PhoneAgent, parse_user_agent
from tests.provision.independent.cases import cases


@cases("agents")
def test_a_user_agent_says_which_phone_it_is(case: dict[str, Any]) -> None:
    expected = None
    if not case.get("none"):
        expected = PhoneAgent(model=case["model"], mac=case["mac"], firmware=case["firmware"])

    assert parse_user_agent(case["text"]) == expected
