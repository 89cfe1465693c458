"""Twilio, SendGrid, SMTP and the sandbox behind two small protocols.

Nothing here knows the database, the web or the settings: credentials, addresses and
the clock are passed in. What a provider's code means stands in `codes.py`.
"""
