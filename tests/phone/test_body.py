"""Where a page ends, if the server and the page do not agree about it."""

from __future__ import annotations

import pytest

from fleet.phone.body import CountedBody, ends_like_a_page


@pytest.mark.parametrize(
    ("behind", "ends"),
    [(b"", True), (b">\r\n", True), (b" " * 250, True), (b" " * 251, False), (b" " * 9999, False)],
)
def test_a_closing_tag_ends_a_page_if_little_follows(behind: bytes, ends: bool) -> None:
    """Embedded servers send blanks or a comment behind it: 256 bytes with the tag are looked at."""
    assert ends_like_a_page(b"<html>" + b"x" * 500 + b"</HTML" + behind) is ends


@pytest.mark.parametrize(
    ("behind", "kept"),
    [(250, b""), (251, b"more")],
)
def test_what_comes_beyond_the_length_belongs_to_a_page_without_its_end(
    behind: int, kept: bytes
) -> None:
    page = b"<html>1</html" + b" " * behind
    body = CountedBody(len(page))
    body.feed(page + b"more")

    assert body.whole
    assert bytes(body.data) == page + kept
    assert body.may_have_more is bool(kept)


def test_the_length_counts_from_the_page_s_own_end() -> None:
    """A tail that is cut wrongly would see the end of what comes beyond."""
    page = b"<html>" + b"x" * 1000
    body = CountedBody(len(page))
    body.feed(page + b"</html>")

    assert bytes(body.data) == page + b"</html>"
    assert not body.may_have_more
