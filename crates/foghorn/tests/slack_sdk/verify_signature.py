"""Asks the code of Slack's own Python SDK whether a request is signed: SECRET TIMESTAMP SIGNATURE, the body on
standard input. Its window is five minutes from now, so TIMESTAMP is a recent one. Prints `valid` or `invalid`."""

import sys

from slack_sdk.signature import SignatureVerifier

secret, timestamp, signature = sys.argv[1:]
valid = SignatureVerifier(secret).is_valid(body=sys.stdin.buffer.read(), timestamp=timestamp, signature=signature)
print("valid" if valid else "invalid")
