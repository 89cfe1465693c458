"""The fate of a message, from event to event."""
