"""The same parameters as XML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fleet.errors import ConfigurationError
from fleet.phone.config_file import MAX_DOCUMENT, Parameter, SetType, configuration_documents
from tests.phone.config_file.strategies import PARAMETERS


def test_a_parameter_is_an_item() -> None:
    (document,) = configuration_documents((Parameter(name="Softkey1 label", value="Test"),))
    assert document == (
        b'<AastraIPPhoneConfiguration setType="remote"><ConfigurationItem>'
        b"<Parameter>softkey1 label</Parameter><Value>Test</Value></ConfigurationItem>"
        b"</AastraIPPhoneConfiguration>"
    )


@pytest.mark.parametrize("set_type", SetType)
def test_the_root_says_how_long_the_values_live(set_type: SetType) -> None:
    (document,) = configuration_documents(
        (Parameter(name="sip mode", value="0"),), set_type=set_type
    )
    assert f'setType="{set_type}"'.encode() in document
    assert set_type in ("remote", "local", "oneBoot", "override")


def test_five_characters_are_escaped() -> None:
    (document,) = configuration_documents((Parameter(name="sip vmail", value="&<>\"'"),))
    assert b"<Value>&amp;&lt;&gt;&quot;&apos;</Value>" in document


def test_no_parameters_are_no_document() -> None:
    assert configuration_documents(()) == ()


def test_what_is_too_long_by_itself_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="2150 bytes"):
        configuration_documents((Parameter(name="sip vmail", value="x" * MAX_DOCUMENT),))


@pytest.mark.parametrize("value", ["\x00", "\n", "\ufffe"])
def test_what_xml_cannot_say_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="control character"):
        configuration_documents((Parameter(name="sip vmail", value=value),))


@given(st.lists(PARAMETERS, max_size=60).map(tuple))
def test_every_parameter_arrives_in_order_in_documents_that_are_short_enough(
    parameters: tuple[Parameter, ...],
) -> None:
    sendable = tuple(one for one in parameters if not {"\ufffe", "\uffff"} & set(one.value))
    documents = configuration_documents(sendable)
    assert all(len(document) <= MAX_DOCUMENT for document in documents)
    arrived = [
        (item.findtext("Parameter"), item.findtext("Value"))
        for document in documents
        for item in etree.fromstring(document)
    ]
    assert arrived == [(one.key, one.value) for one in sendable]
