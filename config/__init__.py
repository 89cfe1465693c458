"""Settings and fixed data: what differs between one installation and another."""
