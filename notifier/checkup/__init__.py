"""Whether this installation can do its work, and what to mend."""
