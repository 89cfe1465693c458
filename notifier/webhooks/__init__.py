"""What sources send: taken and journalled, translated to facts, and how each source is doing."""
