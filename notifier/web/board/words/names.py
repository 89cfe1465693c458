"""A name of a closed list, or of a business's own, that nobody has words for."""


def plain(word: str) -> str:
    """Return a closed list's member as a reader would write it."""
    return word.replace("_", " ")
