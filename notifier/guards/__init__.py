"""What stands between a mistake and many messages, at the claim and on the board."""
