"""Tests of what a CSV file books."""
