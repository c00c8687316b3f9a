"""Looks at a mesh in a cluster. What may not be seen says so; without an API server nothing is said."""

from hauberk.check.kubernetes.api import ApiFacts, api
from hauberk.check.kubernetes.chosen import chosen
from hauberk.check.kubernetes.existence import Installed, existence, installed
from hauberk.check.kubernetes.gathering import gathered
from hauberk.check.kubernetes.mesh import mesh
from hauberk.check.kubernetes.reading import Reading, together
from hauberk.check.kubernetes.wish import Wish
from hauberk.check.report import Category
from hauberk.client import kinds
from hauberk.client.api import Client
from hauberk.client.errors import ApiError, Forbidden, Unreachable
from hauberk.client.refused import hint_for
from hauberk.install import objects
from hauberk.install.objects import CONFIG
from hauberk.runtime.clock import Clock


async def look_at_api(client: Client, clock: Clock) -> ApiFacts:
    """The first question makes the connection, the second one is measured."""
    try:
        await client.version()
        asked = clock.monotonic()
        version = str((await client.version()).get("gitVersion", ""))
        return ApiFacts(clock.monotonic() - asked, version)
    except Unreachable as error:
        return ApiFacts(error=str(error).removesuffix(f": {error.hint}"), hint=error.hint)
    except ApiError as error:
        return ApiFacts(error=str(error), hint=_hint(error))


def _hint(error: ApiError) -> str:
    if isinstance(error, Forbidden):
        return hint_for(error.message, unknown=error.code == 401)
    return "see that the address is that of a Kubernetes API server: kubectl version"


async def look(client: Client, wish: Wish, clock: Clock) -> list[Category]:
    """Raises Unreachable when the API server goes away in between."""
    found = api(facts := await look_at_api(client, clock))
    if facts.error:
        return found
    reading = Reading(client)
    first = await together(
        {
            "place": reading.one(objects.NAMESPACE, wish.namespace),
            "config": reading.one(kinds.CONFIG_MAP, CONFIG, wish.namespace),
        }
    )
    config = first["config"].first
    if config is None:
        nothing = Installed(namespace=wish.namespace, place=first["place"], config=first["config"])
        return [*found, existence(installed(nothing))]
    held = chosen(config, wish.namespace)
    there = Installed(namespace=wish.namespace, place=first["place"], config=first["config"], values_error=held.error)
    return [*found, *mesh(await gathered(client, clock, wish, there, held), clock.now())]
