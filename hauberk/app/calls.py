"""How many calls of proxies began and ended, under the names of go-grpc-prometheus, as Linkerd's controllers say it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import grpc.aio

from hauberk.runtime.exposition import Labels, family

STARTED = "grpc_server_started_total"
HANDLED = "grpc_server_handled_total"

_UNARY, _STREAM = "unary", "server_stream"

Answer = bytes | None
Behaviour = Callable[[bytes, grpc.aio.ServicerContext], Awaitable[Answer]]
Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler | None]]


class Calls(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
    """Counts calls of the methods that a server has. Those that are open are the difference of the two."""

    def __init__(self) -> None:
        self._started = Counter[Labels]()
        self._handled = Counter[Labels]()

    async def intercept_service(
        self, continuation: Continuation, details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler | None:
        """Of grpc.aio; called once for each call."""
        handler = await continuation(details)
        if handler is None:
            return None
        service, _, method = details.method.lstrip("/").rpartition("/")
        if handler.response_streaming:
            counted = self._counted(handler.unary_stream, _labels(service, method, _STREAM))
            return grpc.unary_stream_rpc_method_handler(counted, *_codings(handler))
        counted = self._counted(handler.unary_unary, _labels(service, method, _UNARY))
        return grpc.unary_unary_rpc_method_handler(counted, *_codings(handler))

    def lines(self) -> Iterator[str]:
        """A part of a page of the admin endpoint."""
        yield from family(STARTED, "counter", "Calls that began.", self._started.items())
        yield from family(HANDLED, "counter", "Calls that ended, and how.", self._handled.items())

    def _counted(self, behaviour: Behaviour, labels: Labels) -> Behaviour:
        async def call(request: bytes, context: grpc.aio.ServicerContext) -> Answer:
            self._started[labels] += 1
            code = "Canceled"
            try:
                answer = await behaviour(request, context)
                code = "OK"
                return answer
            except grpc.aio.AbortError:
                code = _name_of(context.code())
                raise
            except Exception:
                code = "Unknown"
                raise
            finally:
                self._handled[(*labels, ("grpc_code", code))] += 1

        return call


def _codings(handler: grpc.RpcMethodHandler) -> tuple[object, object]:
    return handler.request_deserializer, handler.response_serializer


def _labels(service: str, method: str, kind: str) -> Labels:
    return (("grpc_type", kind), ("grpc_service", service), ("grpc_method", method))


def _name_of(code: grpc.StatusCode) -> str:
    """As Go writes it: NOT_FOUND is NotFound."""
    return "".join(word.capitalize() for word in code.name.split("_"))
