"""A provider may have two paths: a second number, messaging service or account of the same.

The second is a path of its own, with health and attempts of its own; its codes, callbacks and
ids are those of the provider.
"""

_MARK = "_2"


def second_of(provider: str) -> str:
    """Return what the second path of a provider is called: `twilio_2`."""
    return provider + _MARK


def provider_of(path: str) -> str:
    """Return whose path it is: of `twilio_2`, `twilio`."""
    return path.removesuffix(_MARK)


def paths_of(provider: str) -> tuple[str, str]:
    """Return what the paths of a provider are called, whether they are set up or not."""
    return provider, second_of(provider)
