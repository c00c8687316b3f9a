"""The authority as a child: started, watched, and waited for."""

import asyncio
import os
import socket
import sys
from random import SystemRandom

import msgspec

from hauberk.app.child import Child, Program
from hauberk.app.failure import StartFailed
from hauberk.identity.authority import EXIT_UNUSABLE, AuthoritySpec
from hauberk.identity.protocol import Described
from hauberk.identity.signer import AuthorityUnavailable, Signer
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.clock import Clock

_READY_S = 20.0
_AGAIN_S = 0.1


def authority_child(spec: AuthoritySpec, sock: socket.socket, *, clock: Clock) -> Child:
    """The socket stays with the control plane: who asks while the authority starts again waits, and is not refused."""
    program = Program(
        name="authority",
        argv=(sys.executable, "-m", "hauberk.identity.authority", str(sock.fileno())),
        environ={name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "LANG", "LC_", "TZ"))},
        greeting=msgspec.json.encode(spec) + b"\n",
        descriptors=(sock.fileno(),),
        hopeless=EXIT_UNUSABLE,
    )
    return Child(program, clock=clock, backoff=Backoff(0.1, 5.0, 0.2, SystemRandom()))


async def described(child: Child, signer: Signer) -> Described:
    """Wait until the authority answers. Raises StartFailed after 20 s."""
    why = "it did not answer"
    try:
        async with asyncio.timeout(_READY_S):
            while True:
                try:
                    answer = await signer.describe()
                except AuthorityUnavailable as unavailable:
                    why = str(unavailable)
                    await asyncio.sleep(_AGAIN_S)
                else:
                    child.proven = True
                    return answer
    except TimeoutError:
        raise StartFailed(f"the authority does not work: {why}", hint="see its messages above") from None
