"""A mail server for tests: prints its port, then every mail it takes as a line of JSON.

Addresses say what happens to them: refused@ is refused for good, later@ for now; a mail to silent@ is taken
and never answered, one to breaks@ taken and the connection closed without an answer. Ends with its standard
input.
"""

import argparse
import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult


def say(value):
    print(json.dumps(value), flush=True)


def content(part):
    return part.get_content().replace("\r\n", "\n") if part else ""


class Keeper:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            return "451 4.3.0 not now"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        say({
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in mail.items()],
            "content_types": [part.get_content_type() for part in mail.walk()],
            "text": content(plain),
            "html": content(html),
            "defects": [str(defect) for part in mail.walk() for defect in part.defects],
            "encrypted": session.ssl is not None or getattr(server, "from_the_start", False),
            "login": session.auth_data.decode() if session.auth_data else None,
        })
        if any(address.startswith("silent@") for address in envelope.rcpt_tos):
            await asyncio.Event().wait()
        if any(address.startswith("breaks@") for address in envelope.rcpt_tos):
            server.transport.abort()
            await asyncio.Event().wait()
        return "250 2.0.0 taken"


async def serve(options):
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)

    def authenticate(server, session, envelope, mechanism, login):
        user, password = login.login.decode(), login.password.decode()
        if (user, password) == (options.user, options.password):
            return AuthResult(success=True, auth_data=user.encode())
        return AuthResult(success=False, handled=False)

    def connection():
        starttls = context if options.tls == "starttls" else None
        server = SMTP(
            Keeper(),
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=bool(options.user),
            auth_require_tls=starttls is not None,
            authenticator=authenticate,
            enable_SMTPUTF8=options.utf8,
        )
        server.from_the_start = options.tls == "smtps"
        return server

    from_the_start = context if options.tls == "smtps" else None
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(connection, "127.0.0.1", 0, ssl=from_the_start)
    say({"port": listener.sockets[0].getsockname()[1]})
    ended = asyncio.Event()

    def watch():
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, daemon=True).start()
    await ended.wait()


# Clients that break off are what tests are about, and no news.
logging.disable()
arguments = argparse.ArgumentParser()
arguments.add_argument("--tls", choices=["none", "starttls", "smtps"], default="none")
arguments.add_argument("--certificate")
arguments.add_argument("--key")
arguments.add_argument("--user")
arguments.add_argument("--password")
arguments.add_argument("--utf8", action="store_true")
asyncio.run(serve(arguments.parse_args()))
