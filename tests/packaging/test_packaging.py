"""The Debian package is installed, upgraded, removed and purged; the container files are sound."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from fleet.settings import load_settings
from fleet.settings.variables import settings_in

PACKAGING = Path(__file__).parents[2] / "packaging"
SITE_PACKAGES = next(path for path in sys.path if path.endswith("site-packages"))

# An overlay of the whole file system: dpkg and its scripts work as always, and nothing is kept.
OVERLAY = """
set -e
mount -t tmpfs tmpfs {folder}
mkdir {folder}/upper {folder}/work {folder}/root
mount -t overlay overlay -o lowerdir=/,upperdir={folder}/upper,workdir={folder}/work {folder}/root
mount --bind /proc {folder}/root/proc
mount --bind /dev {folder}/root/dev
exec chroot {folder}/root /bin/sh -c {command}
"""


def in_overlay(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    script = OVERLAY.format(folder=folder, command=shlex.quote(command))
    return subprocess.run(
        ["unshare", "--mount", "/bin/sh", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=90,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
    )


def may_mount(tmp_path: Path) -> bool:
    if os.geteuid() or not all(map(shutil.which, ("dpkg", "dpkg-deb", "unshare"))):
        return False
    folder = tmp_path / "try"
    folder.mkdir()
    return in_overlay(folder, "test -x /usr/bin/python3").returncode == 0


SYSTEM_PYTHON = "/usr/bin/python3"


def has_our_version(python: str) -> bool:
    if not Path(python).exists():
        return False
    asked = "import sys; print(sys.version_info[:2])"
    ran = subprocess.run([python, "-c", asked], check=False, capture_output=True, text=True)
    return ran.stdout.strip() == str(sys.version_info[:2])


def at_version(source: Path, version: str) -> None:
    text = (PACKAGING.parent / "pyproject.toml").read_text(encoding="utf-8")
    text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text)
    (source / "pyproject.toml").write_text(text, encoding="utf-8")


def built(tmp_path: Path, version: str) -> Path:
    """A package of this tree under another version, without the libraries."""
    source = tmp_path / f"source-{version}"
    source.mkdir()
    for name in ("fleet", "migrations", "packaging", "docs"):
        shutil.copytree(PACKAGING.parent / name, source / name)
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(PACKAGING.parent / name, source)
    at_version(source, version)
    made = subprocess.run(
        [source / "packaging/build-deb", "--no-dependencies", "--output", tmp_path],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PYTHON": SYSTEM_PYTHON},
    )
    if "No matching distribution" in made.stderr:
        pytest.skip("hatchling, which builds the wheel, cannot be had here")
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.splitlines()[-1])


def test_the_wheel_holds_the_documentation_and_the_migrations(tmp_path: Path) -> None:
    wheel = pytest.importorskip("hatchling.builders.wheel")
    [made] = wheel.WheelBuilder(str(PACKAGING.parent)).build(directory=str(tmp_path))

    inside = set(zipfile.ZipFile(made).namelist())
    pages = {f"fleet/docs/{path.name}" for path in (PACKAGING.parent / "docs").glob("*.md")}
    assert "fleet/docs/install.md" in pages
    assert pages <= inside
    assert "fleet/migrations/env.py" in inside
    assert {name.split("/")[0] for name in inside if "dist-info" not in name} == {"fleet"}


LIFE = """
set -e
run() {{ runuser -u fleet -- fleet "$@" --config /etc/fleet/fleet.toml; }}
libraries() {{ echo {site_packages} > /opt/fleet/lib/{python}/site-packages/libraries.pth; }}
mkdir -p /opt/fleet/lib/{python}/site-packages; libraries

echo "== install"
dpkg -i {first}
stat -c '%U:%G %a %n' /etc/fleet /etc/fleet/fleet.env /var/lib/fleet /var/lib/fleet/fleet.db \\
    /var/lib/fleet-key /var/lib/fleet-key/fleet.key
getent passwd fleet | cut -d: -f6,7
fleet --version
grep ExecStart /lib/systemd/system/fleet.service
man -w fleet || test -e /usr/share/man/man1/fleet.1.gz
cd /
printf 'host\\n127.0.0.9\\n' > /tmp/phones.csv
run inventory import /tmp/phones.csv
echo '# mine' >> /etc/fleet/fleet.toml

echo "== upgrade"
dpkg -i {second}
fleet --version
tail -1 /etc/fleet/fleet.toml
run inventory list

echo "== remove"
dpkg -r aastra-fleet
test ! -e /usr/bin/fleet
test -e /var/lib/fleet/fleet.db
test -e /etc/fleet/fleet.toml

echo "== purge"
rm -f /opt/fleet/lib/{python}/site-packages/libraries.pth
dpkg -P aastra-fleet
test ! -e /var/lib/fleet
test ! -e /var/lib/fleet-key
test ! -e /etc/fleet
! getent passwd fleet
echo "== gone"
"""


@pytest.mark.skipif(not has_our_version(SYSTEM_PYTHON), reason="the system has another Python")
@pytest.mark.timeout(400)
def test_the_package_is_installed_upgraded_removed_and_purged(tmp_path: Path) -> None:
    if not may_mount(tmp_path):
        pytest.skip("this needs root, dpkg and a file system that can be overlaid")
    first, second = built(tmp_path, "0.0.8"), built(tmp_path, "0.0.9")
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    life = in_overlay(
        overlay,
        LIFE.format(first=first, second=second, python=python, site_packages=SITE_PACKAGES),
    )
    assert life.returncode == 0, life.stdout + life.stderr
    assert "Traceback" not in life.stderr
    parts = dict(part.split("\n", 1) for part in life.stdout.split("== ")[1:])
    for line in (
        "root:fleet 750 /etc/fleet",
        "root:fleet 640 /etc/fleet/fleet.env",
        "fleet:fleet 750 /var/lib/fleet",
        "fleet:fleet 600 /var/lib/fleet/fleet.db",
        "fleet:fleet 700 /var/lib/fleet-key",
        "fleet:fleet 600 /var/lib/fleet-key/fleet.key",
        "/var/lib/fleet:/usr/sbin/nologin",
        "0.0.8",
        "ExecStart=/opt/fleet/bin/fleet serve --config /etc/fleet/fleet.toml",
    ):
        assert line in parts["install"]
    assert "0.0.9" in parts["upgrade"]
    assert "# mine" in parts["upgrade"]
    assert "127.0.0.9" in parts["upgrade"]
    assert "gone" in parts


def test_the_compose_file_and_the_containerfile_fit_together() -> None:
    service = yaml.safe_load((PACKAGING / "compose.yaml").read_text())["services"]["fleet"]
    containerfile = (PACKAGING / "Containerfile").read_text(encoding="utf-8")
    assert service["build"]["dockerfile"] == "packaging/Containerfile"
    exposed = set(re.findall(r"(?m)^EXPOSE (.*)$", containerfile)[0].split())
    assert {port.rsplit(":", 1)[1] for port in service["ports"]} == exposed
    assert service["volumes"] == [f"fleet:{re.findall(r'(?m)^VOLUME (.*)$', containerfile)[0]}"]
    copied = re.findall(r"(?m)^COPY (?:--\S+ )*(packaging/\S+) ", containerfile)
    assert copied
    assert all((PACKAGING.parent / name).exists() for name in copied)
    for text in (containerfile, (PACKAGING / "compose.yaml").read_text()):
        assert re.search(r"Not (built|started) by its authors", text)


def test_the_packaged_settings_and_variables_are_accepted() -> None:
    load_settings(PACKAGING / "fleet.toml", {})
    names = re.findall(r"(?m)^#(FLEET_\w+)=", (PACKAGING / "fleet.env.example").read_text())
    assert names
    assert len(settings_in(dict.fromkeys(names, "x"))) == len(names)
