"""Those who go: who they are, their day, and their answers."""
