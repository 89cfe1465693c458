"""Local hours in which nothing is sent."""
