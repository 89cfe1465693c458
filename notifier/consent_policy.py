"""Read `config/consent.yaml`: which kind of message needs which consent, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from babel.core import get_global
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from notifier.domain.consent import ConsentPolicy, Needs
from notifier.domain.messages import MessageKind
from notifier.yaml_files import read_yaml


def _every_kind(kinds: dict[MessageKind, Needs]) -> dict[MessageKind, Needs]:
    unsaid = sorted(set(MessageKind) - set(kinds))
    if unsaid:
        raise ValueError(f"say what `{unsaid[0]}` needs: {', '.join(Needs)}")
    return kinds


def _country(code: str) -> str:
    if code not in get_global("territory_zones"):
        raise ValueError(f"`{code}` is no country; write its ISO 3166 code, such as DE")
    return code


class ConsentFile(BaseModel):
    """The file, as a business writes it."""

    model_config = ConfigDict(extra="forbid")

    kinds: Annotated[dict[MessageKind, Needs], AfterValidator(_every_kind)] = Field(
        description="What each kind of message needs."
    )
    regions: dict[Annotated[str, AfterValidator(_country)], dict[MessageKind, Needs]] = Field(
        default={}, description="Countries that have it otherwise, by ISO 3166 code."
    )


def load_consent_policy(path: Path) -> ConsentPolicy:
    """Return what the file at `path` says.

    :raises YamlInvalid: with every fault found, not only the first.
    """
    read = read_yaml(path, ConsentFile)
    return ConsentPolicy(kinds=read.kinds, regions=read.regions)
