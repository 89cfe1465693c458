"""The steps from a due message to its outcome."""
