"""Makes a click as Slack would send it, signed by the code of Slack's own Python SDK.

    sign_click.py SECRET ACTION INCIDENT [TIMESTAMP] [RESPONSE_URL]

Prints {"headers": {...}, "body": "..."} for POST /slack/actions. SECRET `-` reads it from standard input.
"""

import json
import sys
import time
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier


def click(action, incident, response_url):
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "john.doe", "name": "john.doe", "team_id": "T0FOGHORN"},
        "team": {"id": "T0FOGHORN", "domain": "foghorn"},
        "channel": {"id": "C00000001", "name": "incident-alerts"},
        "container": {"type": "message", "message_ts": "1.000001", "channel_id": "C00000001"},
        "trigger_id": "13.37.abc",
        "actions": [{"action_id": action, "type": "button", "value": incident}],
    }
    if response_url:
        payload["response_url"] = response_url
    return urlencode({"payload": json.dumps(payload)})


def main():
    secret, action, incident, *rest = sys.argv[1:]
    if secret == "-":
        secret = sys.stdin.readline().strip()
    timestamp = rest[0] if rest else str(int(time.time()))
    body = click(action, incident, rest[1] if len(rest) > 1 else None)
    verifier = SignatureVerifier(secret)
    headers = {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": verifier.generate_signature(timestamp=timestamp, body=body),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    print(json.dumps({"headers": headers, "body": body}))


if __name__ == "__main__":
    main()
