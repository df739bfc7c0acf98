"""What the SMTP server of the tests does with a message: it writes it into a folder as JSON, or refuses it.

The local part of a recipient says what happens: `refused…` is refused for good and `later…` for now; for `broken…` the
connection breaks off at the first message with a Message-ID, after the message was taken and before it is said so.
"""

import email
import email.policy
import json
import pathlib


class Handler:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.count = 0
        self.broken = set()

    @classmethod
    def from_cli(cls, parser, folder):
        return cls(folder)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return f"550 5.1.1 <{address}>: there is no such mailbox"
        if address.startswith("later"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        self.count += 1
        # The connection tells whether it was used again.
        mail = {
            "recipients": envelope.rcpt_tos,
            "sender": envelope.mail_from,
            "connection": session.peer[1],
            "headers": {name: str(value) for name, value in message.items()},
            "body": message.get_content().replace("\r\n", "\n"),
        }
        part = self.folder / f"{self.count:04}.part"
        part.write_text(json.dumps(mail))
        part.rename(part.with_suffix(".json"))
        name = message["Message-ID"]
        if envelope.rcpt_tos[0].startswith("broken") and name not in self.broken:
            self.broken.add(name)
            server.transport.abort()
        return "250 OK"
