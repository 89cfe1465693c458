"""What is measured. Each module is a command: `python -m bench NAME`."""
