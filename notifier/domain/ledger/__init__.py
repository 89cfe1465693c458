"""What each person was promised, what of it reached them, and how it ended."""
