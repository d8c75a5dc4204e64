"""Make docs/demo.svg: what `fleet demo` prints, as a picture. Run it with the project's Python."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path
from shutil import which

from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 100, 60
PICTURE = Path(__file__).with_name("demo.svg")


def printed(words: list[str]) -> str:
    """Give what a command prints on a terminal of this size, without its progress bar."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        # As in a shell where the environment is active: the demo then says `fleet`, not a path.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environ = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PATH": path}
        command = subprocess.Popen(
            [which(words[0], path=path) or words[0], *words[1:]],
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environ,
        )
        os.close(theirs)
        out = io.BytesIO()
        while chunk := _read(ours):
            out.write(chunk)
        command.wait()
    os.close(ours)
    return out.getvalue().decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # Linux says so when the other side is closed
        return b""


def main() -> None:
    """Run the demo and draw what it printed."""
    text = printed(["fleet", "demo"])
    screen = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    screen.print(Text("$ fleet demo", style="bold"))
    screen.print(Text.from_ansi(text))
    svg = screen.export_svg(title="fleet demo")
    # Fonts from elsewhere are not wanted in a picture that may be looked at offline.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
