"""What each message owes its reader, what must not be in it, and what it costs."""
