"""The daemon's end of a conversation: requests in; replies, items and errors out. Bytes only, no socket."""

from nexsock.errors import Incompatible, NexsockError, ProtocolError, Refused
from nexsock.protocol import codec, conversation, frame, message, token
from nexsock.protocol.api import Rendered
from nexsock.protocol.conversation import Call, CallState, Connection, Happening, Side
from nexsock.protocol.frame import Frame, Kind

GREETING_LIMIT = 64 * 1024
"""Bytes of a frame before the hello is accepted: a stranger on TCP gets no more of our memory."""
_PIECE = 256 * 1024
"""Characters of rendered text in one frame: at most 1 MiB."""


class DaemonSide(conversation.Conversation):
    """The daemon's end. On TCP it has the token and the challenge that it sent."""

    peer = Side.CLIENT

    def __init__(self, secret: bytes | None = None, challenge: bytes = b"") -> None:
        super().__init__()
        self._reader.limit = GREETING_LIMIT
        self._secret = secret
        self._challenge = challenge
        self._proof = b""

    def challenge(self) -> bytes:
        """The first frame of a daemon on TCP."""
        return frame.to_bytes(Frame(Kind.CHALLENGE, payload=self._challenge))

    def welcome(self, hello: message.Hello, *, daemon: str, pid: int) -> bytes:
        """The answer to a hello; from here on requests are heard."""
        self.connection = Connection.OPEN
        self._reader.limit = frame.PAYLOAD_LIMIT
        welcome = message.Welcome(
            version=min(hello.max, frame.NEWEST),
            features=tuple(sorted(conversation.FEATURES.intersection(hello.features))),
            daemon=daemon,
            pid=pid,
            proof=self._proof,
        )
        return frame.to_bytes(Frame(Kind.HELLO, payload=codec.encode(welcome)))

    def reply(self, request_id: int, value: object) -> bytes:
        return self._frame(Kind.REPLY, request_id, codec.encode(value))

    def item(self, request_id: int, value: object) -> bytes:
        """One item of a stream, as the frames that it needs; each takes one credit."""
        call = self.calls[request_id]
        if not isinstance(value, Rendered):
            call.credit -= 1
            return self._frame(Kind.ITEM, request_id, codec.encode(value))
        frames = []
        for kind, text in ((Kind.OUT, value.out), (Kind.ERR, value.err)):
            for start in range(0, len(text), _PIECE):
                call.credit -= 1
                raw = text[start : start + _PIECE].encode("utf-8", "surrogateescape")
                frames.append(self._frame(kind, request_id, raw))
        if value.exit_status is not None:
            call.exit_status = value.exit_status
        return b"".join(frames)

    def end(self, request_id: int) -> bytes:
        status = self.calls[request_id].exit_status
        return self._frame(Kind.END, request_id, b"" if status is None else bytes((status & 0xFF,)))

    def error(self, request_id: int, error: NexsockError) -> bytes:
        return self._frame(Kind.ERROR, request_id, codec.encode(message.from_error(error)))

    def farewell(self, error: NexsockError) -> bytes:
        """The last frame of a connection: why it is closed."""
        return frame.to_bytes(Frame(Kind.ERROR, payload=codec.encode(message.from_error(error))))

    def may_send(self, request_id: int) -> bool:
        """Whether a stream has credit for another item."""
        return self.calls[request_id].credit > 0

    def _heard(self, found: Frame) -> tuple[Happening, ...]:
        match found.kind:
            case Kind.HELLO:
                return (conversation.Greeted(self._checked_hello(found)),)
            case Kind.REQUEST:
                return (self._called(found),)
            case Kind.PING:
                return (conversation.Pinged(found.payload),)
            case Kind.PONG:
                return (conversation.Ponged(found.payload),)
            case _:
                return self._heard_about_stream(found)

    def _heard_about_stream(self, found: Frame) -> tuple[Happening, ...]:
        if found.request_id > self.last_id:
            raise ProtocolError(f"a {found.kind.name} frame names request {found.request_id}, which was never made")
        if found.request_id not in self.calls:
            return ()  # it was done before the client could know
        call = self._step(found.request_id, found.kind)
        if found.kind is Kind.CANCEL:
            return (conversation.Cancelled(found.request_id),)
        call.credit = min(call.credit + codec.decode_credit(found.payload), conversation.CREDIT_LIMIT)
        return (conversation.Granted(found.request_id),)

    def _checked_hello(self, found: Frame) -> message.Hello:
        hello = codec.decode_hello(found.payload)
        if hello.max < frame.VERSIONS[0] or hello.min > frame.NEWEST or hello.min > hello.max:
            raise Incompatible(
                f"the daemon speaks protocol {frame.spoken(frame.VERSIONS)}, the client {hello.min} to {hello.max}",
                hint="run 'nexsock daemon restart' with the newer nexsock: services keep running",
            )
        if self._secret is not None:
            expected = token.client_proof(self._secret, self._challenge, hello.nonce)
            if len(hello.nonce) != token.SIZE or not token.same(hello.proof, expected):
                raise Refused(
                    "the client does not have the daemon's token", hint="it is in the file 'token' of the state folder"
                )
            self._proof = token.daemon_proof(self._secret, self._challenge, hello.nonce)
        return hello

    def _called(self, found: Frame) -> Happening:
        if found.request_id <= self.last_id:
            raise ProtocolError(f"request {found.request_id} comes after request {self.last_id}: numbers must grow")
        self.last_id = found.request_id
        try:
            operation, request = codec.decode_request(found.operation, found.payload)
        except NexsockError as error:
            self.calls[found.request_id] = Call(None, CallState.ANSWER)
            return conversation.Misread(found.request_id, error)
        self.calls[found.request_id] = conversation.new_call(operation)
        return conversation.Called(found.request_id, operation, request)
