import base64, hashlib, hmac, time

def verify(secret, headers, body, now=None):
    """Whether `body` (bytes, as it came) was signed with `secret` in the last five minutes."""
    sent = int(headers["webhook-timestamp"])
    if abs((time.time() if now is None else now) - sent) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b"%s.%d.%s" % (headers["webhook-id"].encode(), sent, body)
    ours = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    theirs = (one.partition(",") for one in headers["webhook-signature"].split())
    return any(version == "v1" and hmac.compare_digest(ours, one) for version, _, one in theirs)
