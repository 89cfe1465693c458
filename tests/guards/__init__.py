"""Tests of what stands between a mistake and many messages."""
