"""The page of a customer, as they and strangers see it."""
