"""A secret key for trying the product on one's own machine, so that none has to be invented."""

import os
import secrets
from pathlib import Path


def demo_secret_key(var_dir: Path) -> str:
    """Return the key kept in `var_dir/secret_key`, made on first use and readable by its owner.

    Two processes that start at once agree: whoever creates the file first wins.
    """
    path = var_dir / "secret_key"
    if not path.exists():
        var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = var_dir / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            path.hardlink_to(draft)  # appears whole or not at all, and never replaces a key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
