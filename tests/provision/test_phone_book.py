"""Phone books that are made from the inventory."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from fleet.model import IntendedAccount, NewFile, Phone, Site
from fleet.provision.phone_book import phone_book
from fleet.store import Change
from tests.provision.serve.served import START, fill, phone, serving

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.store import Store


def with_line(name: str, user: str, **fields: str) -> Phone:
    return Phone(
        host=f"10.1.0.{user}", name=name, accounts=(IntendedAccount(line=1, user=user, **fields),)
    )  # type: ignore[arg-type]


def test_lines_are_sorted_quoted_cut_and_there_once() -> None:
    phones = [
        with_line("zoe", "103"),
        with_line("Reception, main hall", "101"),
        with_line("x", "102", display_name='#1 "Boss"\nof all'),
        with_line("zoe", "103"),
        with_line("", "104"),
    ]
    assert phone_book(phones).decode().splitlines() == [
        "# Written by fleet from its inventory.",
        '"#1 Boss of all",102,1',
        '"Reception, main",101,1',
        "zoe,103,1",
    ]


def test_no_phone_gets_more_than_it_keeps() -> None:
    many = [with_line(f"n{number:03}", f"{number}") for number in range(300)]
    assert len(phone_book(many).splitlines()) == 201


@given(name=st.text(max_size=40), user=st.text(max_size=60))
def test_every_line_is_one_entry_whatever_stands_in_the_inventory(name: str, user: str) -> None:
    lines = phone_book([with_line(name, user)]).decode().splitlines()[1:]
    rows = list(csv.reader(lines))
    assert len(rows) <= 1
    assert all(len(row) == 3 and len(row[0]) <= 15 and row[0] and row[1] for row in rows)


async def test_phones_get_the_book_of_all_and_that_of_their_site_where_it_is_named(
    store: Store, tmp_path: Path
) -> None:
    fill(store)
    ulm = with_line("Ulm 1", "201")
    here = with_line("Here 1", "101", sip_password="S3cret-pass")
    places = [(here, "here"), (ulm, "ulm")]
    store.inventory.apply(
        [Site(name="ulm")],
        [
            Change(
                id=None,
                phone=Phone(host=one.host, name=one.name, accounts=one.accounts, site=site),
            )
            for one, site in places
        ],
    )
    body = b"directory 1: directory.csv\ndirectory 2: directory-ulm.csv\n"
    files = [NewFile(name="aastra.cfg", body=body)]
    store.revisions.apply(files, by="test", comment="", now=START, expected=1)
    async with (
        serving(store, tmp_path, phone_book="directory.csv") as service,
        phone(service) as client,
    ):
        every = await client.get("directory.csv")
        site = await client.get("Directory-Ulm.csv")
        unnamed = await client.get("directory-here.csv")
    assert "Here 1" in every.text
    assert "Ulm 1" in every.text
    assert "S3cret" not in every.text
    assert site.text.splitlines()[1:] == ['"Ulm 1",201,1']
    assert unnamed.status_code == 404
