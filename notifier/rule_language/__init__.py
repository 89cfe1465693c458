"""The language of rules: its words, their values, and what of them makes sense."""
