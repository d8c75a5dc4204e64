"""One file on its way to one client: block, acknowledgement, block. Pure: time is an argument.

A block is sent again only when its time is over, never because an acknowledgement came twice: else
every doubled packet would double all that follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.provision.serve.tftp_packets import Op, data, number_of, opcode, options_agreed

if TYPE_CHECKING:
    from fleet.provision.serve.tftp_packets import Terms

TRIES = 6
SILENT_FOR = 30.0  # seconds without an acknowledgement after which a client is given up
LONGEST = 1800.0  # seconds for a whole file, however slow the line


class Transfer:
    """Says what to send next. `is_over` in the end, `is_complete` if all of it arrived."""

    def __init__(self, body: bytes, terms: Terms, now: float) -> None:
        self._body = body
        self._terms = terms
        self._block = 0 if terms.agreed else 1  # block 0 stands for the options
        self._last = len(body) // terms.block + 1  # an empty block ends a file that fits exactly
        self._tries = 1
        self._sent_at = self._heard_at = now
        self._ends_at = now + LONGEST
        self.is_over = False
        self.is_complete = False

    @property
    def arrived(self) -> int:
        """Bytes that the client has acknowledged."""
        return len(self._body) if self.is_complete else max(self._block - 1, 0) * self._terms.block

    @property
    def due(self) -> float:
        """When the last packet is to be sent again; each wait is longer than the one before."""
        again = self._sent_at + self._terms.timeout * min(1 << (self._tries - 1), 4)
        return min(again, self._heard_at + SILENT_FOR, self._ends_at)

    def packet(self) -> bytes:
        """The packet that the client is to have now."""
        if self._block == 0:
            return options_agreed(self._terms.agreed)
        start = (self._block - 1) * self._terms.block
        return data(self._block, self._body[start : start + self._terms.block])

    def hear(self, packet: bytes, now: float) -> bool:
        """Take what the client sent; True if there is a packet to send it."""
        if opcode(packet) == Op.ERROR:
            self.is_over = True
            return False
        if self.is_over or number_of(packet) != self._block & 0xFFFF:
            return False
        if now >= self._ends_at:
            self.is_over = True
            return False
        if self._block == self._last:
            self.is_over = self.is_complete = True
            return False
        self._block += 1
        self._tries, self._sent_at, self._heard_at = 1, now, now
        return True

    def wait_is_over(self, now: float) -> bool:
        """Try once more; False, and the end, after the last try or when the time is over."""
        is_late = now >= min(self._heard_at + SILENT_FOR, self._ends_at)
        if is_late or self._tries >= TRIES:
            self.is_over = True
            return False
        self._tries += 1
        self._sent_at = now
        return True
