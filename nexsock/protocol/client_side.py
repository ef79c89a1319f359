"""The client's end of a conversation: requests out; replies, items and errors in. Bytes only, no socket."""

from typing import Any

from nexsock.errors import Incompatible, ProtocolError, Refused, UsageError
from nexsock.protocol import codec, conversation, frame, message, token
from nexsock.protocol.api import BY_NAME, Rendered
from nexsock.protocol.conversation import Call, CallState, Connection, Happening, Side
from nexsock.protocol.frame import Frame, Kind


class ClientSide(conversation.Conversation):
    """The client's end. `secret` is the token, on TCP."""

    peer = Side.DAEMON

    def __init__(self, secret: bytes | None = None) -> None:
        super().__init__()
        self._secret = secret
        self._challenge = b""
        self._nonce = b""

    def hello(self, *, client: str, nonce: bytes = b"") -> bytes:
        """The first frame; on TCP it needs the challenge, which must have been received, and a nonce."""
        self._nonce = nonce
        proof = b"" if self._secret is None else token.client_proof(self._secret, self._challenge, nonce)
        hello = message.Hello(
            min=frame.VERSIONS[0],
            max=frame.NEWEST,
            features=tuple(sorted(conversation.FEATURES)),
            client=client,
            nonce=nonce,
            proof=proof,
        )
        return frame.to_bytes(Frame(Kind.HELLO, payload=codec.encode(hello)))

    def request(self, name: str, request: object) -> tuple[int, bytes]:
        """(request id, bytes to send) of a call of the operation `name`.

        Raises:
            UsageError: a number in it is one that nothing has; nothing is called.
        """
        operation = BY_NAME[name]
        request_id = self.last_id + 1
        try:
            payload = codec.encode(request)
        except OverflowError:
            raise UsageError("a number that was given has more than 64 bits", hint="give a smaller one") from None
        data = frame.to_bytes(Frame(Kind.REQUEST, operation.number, request_id, payload))
        self.last_id = request_id
        self.calls[request_id] = conversation.new_call(operation)
        return request_id, data

    def cancel(self, request_id: int) -> bytes:
        """Empty when the call is done."""
        return self._frame(Kind.CANCEL, request_id, b"") if request_id in self.calls else b""

    def consumed(self, request_id: int) -> bytes:
        """Call this for each item that was used up: now and then it gives a credit frame to send, else nothing."""
        call = self.calls.get(request_id)
        if call is None:
            return b""
        call.consumed += 1
        if call.consumed < conversation.WINDOW // 2:
            return b""
        count, call.consumed = call.consumed, 0
        return self._frame(Kind.CREDIT, request_id, count.to_bytes(4, "big"))

    def _heard(self, found: Frame) -> tuple[Happening, ...]:
        match found.kind:
            case Kind.CHALLENGE:
                self._challenge = found.payload
                return (conversation.Challenged(found.payload),)
            case Kind.HELLO:
                return (self._welcomed(codec.decode_welcome(found.payload)),)
            case Kind.PING:
                return (conversation.Pinged(found.payload),)
            case Kind.PONG:
                return (conversation.Ponged(found.payload),)
            case Kind.ERROR if found.request_id == 0:
                raise message.to_error(codec.decode_error(found.payload))
            case _:
                return self._heard_about_call(found)

    def _heard_about_call(self, found: Frame) -> tuple[Happening, ...]:
        call = self.calls.get(found.request_id)
        unwanted = call is not None and call.state is CallState.CANCELLED
        call = self._step(found.request_id, found.kind)
        match found.kind:
            case Kind.REPLY:
                return (conversation.Replied(found.request_id, _value(call, found)),)
            case Kind.ERROR:
                error = message.to_error(codec.decode_error(found.payload))
                return (conversation.Failed(found.request_id, error),)
            case Kind.END if found.payload and not unwanted:
                status = Rendered(exit_status=found.payload[0])
                return (conversation.Arrived(found.request_id, status), conversation.Ended(found.request_id))
            case Kind.END:
                return (conversation.Ended(found.request_id),)
            case _ if unwanted:
                return ()
            case _:
                return (conversation.Arrived(found.request_id, _value(call, found)),)

    def _welcomed(self, welcome: message.Welcome) -> Happening:
        if welcome.version not in frame.VERSIONS:
            raise Incompatible(
                f"the daemon chose protocol {welcome.version}, this client speaks {frame.spoken(frame.VERSIONS)}"
            )
        if self._secret is not None and not token.same(
            welcome.proof, token.daemon_proof(self._secret, self._challenge, self._nonce)
        ):
            raise Refused("whoever answers there does not have the daemon's token")
        self.connection = Connection.OPEN
        return conversation.Welcomed(welcome)


def _value(call: Call, found: Frame) -> Any:
    """What a reply or an item carries."""
    if found.kind is Kind.OUT:
        return Rendered(out=found.payload.decode("utf-8", "surrogateescape"))
    if found.kind is Kind.ERR:
        return Rendered(err=found.payload.decode("utf-8", "surrogateescape"))
    if call.operation is None:
        raise ProtocolError(f"request {found.request_id} has an answer but no operation")
    return codec.decode_reply(call.operation, found.payload)
