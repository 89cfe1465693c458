"""Finds a Chromium for the browser tests, and installs one where the machine allows it.

`python -m tests.browser.chromium --install` prints its path, or on standard error the one line
that says what is missing. The tests ask `find_chromium()`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MAC_PATHS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
MISSING = (
    "Browser tests are left out: no Chromium was found. Install one (Debian: apt-get install"
    " chromium) or name it in CHROMIUM=/path/to/chromium."
)


def find_chromium() -> Path | None:
    """Return the browser to drive: the one that CHROMIUM names, else the system's."""
    if named := os.environ.get("CHROMIUM"):
        return Path(named) if Path(named).is_file() else None
    found = (shutil.which(name) for name in NAMES)
    installed = [Path(path) for path in found if path]
    return next((path for path in (*installed, *MAC_PATHS) if path.is_file()), None)


def install_chromium() -> None:
    """Install Debian's package where we are root; elsewhere, or if that fails, do nothing."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    for command in ([apt, "update", "-qq"], install):
        try:
            subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                timeout=300,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return


def main() -> None:
    """Print where Chromium is, installing it first if asked to and needed."""
    if find_chromium() is None and "--install" in sys.argv[1:]:
        print("Installing Chromium for the browser tests...", file=sys.stderr)
        install_chromium()
    found = find_chromium()
    print(found if found else MISSING, file=sys.stdout if found else sys.stderr)


if __name__ == "__main__":
    main()
