"""Where Twilio calls us, and how often it tries while we can't answer."""

STATUS_PATH = "/webhooks/twilio/status"
INBOUND_PATH = "/webhooks/twilio/inbound"

#: What follows a URL of ours at Twilio. Left to itself it tries again only where it could not
#: connect; so also where the answer was an error or did not come, five times in all. It gives up
#: after 15 seconds, and neither calls nor signs this part of a URL.
#: Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
TRY_AGAIN = "#rc=5&rp=ct,rt,5xx"
