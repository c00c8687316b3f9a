"""etcd, the API server, the controllers and the scheduler: in the machine's own network, on the nodes' bridge."""

from cluster import addresses, api, identities, kubelet
from cluster.api import Api
from cluster.daemon import Daemon, joined, options
from cluster.daemons import Daemons
from cluster.places import Places

ETCD = "etcd"
_TIMEOUT_S = 60.0


def start(places: Places, daemons: Daemons, client: Api) -> None:
    """Returns when the API server says that it is ready."""
    daemons.start(etcd(places))
    daemons.wait("etcd", _etcd_is_well, _TIMEOUT_S, by=[ETCD])
    daemons.start(api_server(places))
    ready = "an API server that is ready"
    daemons.wait(ready, lambda: client.get("/readyz") == b"ok" or None, _TIMEOUT_S, by=[identities.API_SERVER])
    daemons.start(controllers(places))
    daemons.start(scheduler(places))


def etcd(places: Places) -> Daemon:
    client, peer = addresses.etcd_url(addresses.ETCD_PORT), addresses.etcd_url(addresses.ETCD_PEER_PORT)
    return Daemon(
        ETCD,
        (
            "etcd",
            *options(
                name=ETCD,
                data_dir=places.run / "etcd",
                listen_client_urls=client,
                advertise_client_urls=client,
                listen_peer_urls=peer,
                initial_advertise_peer_urls=peer,
                initial_cluster=f"{ETCD}={peer}",
                logger="zap",
                log_level="warn",
            ),
        ),
    )


def api_server(places: Places) -> Daemon:
    name, keys = identities.API_SERVER, places.keys
    given = options(
        etcd_servers=addresses.etcd_url(addresses.ETCD_PORT),
        # Not on every address of the machine: nobody else's affair, and another cluster may have the port there.
        bind_address=addresses.machine()[0],
        advertise_address=addresses.machine()[0],
        secure_port=addresses.API_PORT,
        service_cluster_ip_range=joined(addresses.SERVICES),
        cert_dir=places.run / name,
        client_ca_file=keys / "ca.crt",
        tls_cert_file=keys / f"{name}.crt",
        tls_private_key_file=keys / f"{name}.key",
        kubelet_certificate_authority=keys / "ca.crt",
        kubelet_client_certificate=keys / f"{identities.KUBELET_CLIENT}.crt",
        kubelet_client_key=keys / f"{identities.KUBELET_CLIENT}.key",
        kubelet_preferred_address_types="InternalIP",
        service_account_issuer=f"https://kubernetes.default.svc.{addresses.DOMAIN}",
        service_account_key_file=keys / "sa.pub",
        service_account_signing_key_file=keys / "sa.key",
        authorization_mode="Node,RBAC",
        enable_admission_plugins="NodeRestriction",
        allow_privileged=True,
        # A webhook that is named by its Service is called at its pod: the machine itself has no kube-proxy.
        enable_aggregator_routing=True,
        profiling=False,
    )
    return Daemon(name, (str(places.bin / name), *given))


def controllers(places: Places) -> Daemon:
    keys = places.keys
    given = options(
        use_service_account_credentials=True,
        # A test that takes a node away waits for that.
        node_monitor_grace_period=f"{kubelet.LOST_S}s",
        service_account_private_key_file=keys / "sa.key",
        root_ca_file=keys / "ca.crt",
        cluster_signing_cert_file=keys / "ca.crt",
        cluster_signing_key_file=keys / "ca.key",
    )
    common = _common(places, identities.CONTROLLERS, addresses.CONTROLLERS_PORT)
    return Daemon(identities.CONTROLLERS, (*common, *given))


def scheduler(places: Places) -> Daemon:
    return Daemon(identities.SCHEDULER, _common(places, identities.SCHEDULER, addresses.SCHEDULER_PORT))


def _common(places: Places, name: str, port: int) -> tuple[str, ...]:
    given = options(
        kubeconfig=places.kubeconfig(name),
        leader_elect=False,
        bind_address=addresses.machine()[0],
        secure_port=port,
        cert_dir=places.run / name,
    )
    return (str(places.bin / name), *given)


def _etcd_is_well() -> bool | None:
    answer = api.loopback_answers(addresses.ETCD_PORT, "/health")
    return (answer is not None and b"true" in answer) or None
