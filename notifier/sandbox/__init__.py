"""A day to try the product with, and the outbox of what it would have sent."""
