"""What leaves and enters through HTTP."""
