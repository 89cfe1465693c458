"""What words can name, and what they must not say."""
