"""What the board shows, read in few queries and opened for staff. Nothing is written here."""
