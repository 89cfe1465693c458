"""Webhook sources, one file each: verify the signature, translate to facts."""
