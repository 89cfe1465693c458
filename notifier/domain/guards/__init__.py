"""What stands between a mistake and many messages: countries, caps, money, and the brake."""
