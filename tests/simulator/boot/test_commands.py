"""What phones are told from outside: NOTIFY, XML push, and the time of day."""

from __future__ import annotations

import asyncio

import pytest

from fleet.model import Credentials
from fleet.phone.client import PhoneClient, Target
from fleet.phone.config_file import Parameter
from fleet.phone.push import PushResult, push
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.notify import Recipient, aastra_xml, check_sync, notify
from fleet.phone.sip.outcome import Result
from fleet.phone.sip.peer import Peer, Timers, Transport
from fleet.phone.sip.query import ask_options, ask_registration
from fleet.phone.xml_object import Command, command, fetch
from tests.simulator.boot.file_server import file_server
from tests.simulator.boot.phones import LINE, MAC_FILE, HandClock, booted, within
