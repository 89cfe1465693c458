"""What a rule is, what its condition can read, and what it speaks about once."""
