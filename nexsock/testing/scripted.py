"""An Api whose answers a test writes down beforehand."""

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from nexsock.protocol.api import BY_NAME, Api, Nothing, Operation


class ScriptedApi:
    """Answers by operation: a value, an error, the items of a stream, or a function of the request that gives these.

    A function for a stream may be an async generator. What is not scripted answers Nothing, or an empty stream.
    """

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = answers
        self.asked: list[tuple[str, Any]] = []
        self.closed = False

    @property
    def api(self) -> Api:
        """The same object, for type checkers."""
        return cast(Api, self)

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        operation = BY_NAME.get(name)
        if operation is None:
            raise AttributeError(name)
        method = self._stream if operation.stream else self._answer
        return lambda request: method(name, request)

    def permit(self, _operation: Operation, _request: object) -> None:
        """Everything may be asked."""

    async def close(self) -> None:
        self.closed = True

    def _script(self, name: str, request: object, default: object) -> Any:
        self.asked.append((name, request))
        answer = self.answers.get(name, default)
        return answer(request) if callable(answer) else answer

    async def _answer(self, name: str, request: object) -> Any:
        answer = self._script(name, request, Nothing())
        if hasattr(answer, "__await__"):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _stream(self, name: str, request: object) -> AsyncIterator[Any]:
        items = self._script(name, request, ())
        if hasattr(items, "__aiter__"):
            try:
                async for item in items:
                    yield item
            finally:
                await items.aclose()
            return
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item
