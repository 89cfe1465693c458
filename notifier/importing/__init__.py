"""A day's appointments or orders from a CSV file: read, looked at, booked all or not at all."""
