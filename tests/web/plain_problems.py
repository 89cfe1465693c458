"""What a problem that a caller reads never says."""

from __future__ import annotations

import re

#: Words of a library or of Python, and the sentence of last resort that says nothing.
OF_A_LIBRARY = re.compile(
    r"pydantic|input should|tagged|union|function-|type=|validation error|valid string"
    r"|string should|value error|dictionary|tuple|instance|\bclass\b|pattern|uuid|<\w"
    r"|\bNone\b|\w+In\b|python|what can stand here",
    re.IGNORECASE,
)
