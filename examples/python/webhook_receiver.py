"""Receives webhook messages on PORT (default 3000), verifies them and drops repeated ones."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from switchyard_client import WebhookVerificationError, verify_webhook

SECRET = os.environ["WEBHOOK_SECRET"]
# A message may arrive more than once. Store these ids where your service stores its data.
seen: set[str] = set()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = verify_webhook(body, dict(self.headers.items()), SECRET)
        except WebhookVerificationError:
            self.send_response(400)
            self.end_headers()
            return
        message_id = self.headers["webhook-id"]
        if message_id not in seen:
            print(event.type, event.data.get("recordId", ""), flush=True)
        seen.add(message_id)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Prints only events."""


server = HTTPServer(("", int(os.environ.get("PORT", "3000"))), Receiver)
print("ready", flush=True)
server.serve_forever()
