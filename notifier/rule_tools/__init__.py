"""What a business does with its rules: preview, compare, look back, read about them."""
