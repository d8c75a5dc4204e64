"""Write the parts of docs/architecture.md that the import contracts say: layers and libraries."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("architecture.md")
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def contracts() -> list[dict[str, Any]]:
    """Return the import contracts of pyproject.toml."""
    settings = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    return list(settings["tool"]["importlinter"]["contracts"])


def libraries() -> dict[str, list[str]]:
    """Return the modules that may import each library, by library; `*` is any name.

    They are the exceptions of the contracts that forbid a library to the whole package.
    """
    found: dict[str, list[str]] = {}
    for contract in contracts():
        if contract["type"] == "forbidden" and contract["source_modules"] == ["fleet"]:
            found |= {library: [] for library in contract["forbidden_modules"]}
            for exception in contract["ignore_imports"]:
                module, _, library = exception.partition(" -> ")
                found[library].append(module)
    return dict(sorted(found.items()))


def _layers() -> str:
    (contract,) = (each for each in contracts() if each["name"] == "Imports go one way")
    rows = (layer.replace(" : ", ", ") for layer in contract["layers"])
    return "<!-- not run: the order of the layers -->\n```text\n" + "\n".join(rows) + "\n```\n"


def _libraries() -> str:
    rows = ["| library | imported by |", "|---|---|"]
    for library, modules in libraries().items():
        named = ", ".join(f"`{module}`" for module in modules)
        rows.append(f"| `{library}` | {named or 'no module: another library loads it'} |")
    return "\n".join(rows) + "\n"


def page(text: str) -> str:
    """Return the page with its two parts as the contracts have them."""
    for name, part in (("layers", _layers()), ("libraries", _libraries())):
        marks = f"<!-- {name}: made by docs/architecture.py -->\n", f"<!-- end of {name} -->"
        text, times = re.subn(
            f"({re.escape(marks[0])}).*?({re.escape(marks[1])})",
            lambda found, part=part: f"{found[1]}{part}{found[2]}",
            text,
            flags=re.DOTALL,
        )
        if times != 1:
            message = f"{PAGE} has no part for {name}"
            raise ValueError(message)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
