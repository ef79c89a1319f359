"""What a request asks of the daemon: a call in, operations asked, a noun out. Nothing of HTTP, nothing of HTML."""
