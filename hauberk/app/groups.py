"""The settings as each part wants them. Pure."""

from hauberk.catalog.mesh import Mesh as CatalogMesh
from hauberk.config.groups import Config, IPNetwork, Mesh
from hauberk.enrollment.mesh import Mesh as EnrollmentMesh
from hauberk.identity.authority import AuthoritySpec

CONTROL_ACCOUNT = "linkerd-destination"
"""The ServiceAccount whose identity all services of the control plane have (Linkerd's name)."""


def catalog_mesh(mesh: Mesh, cluster_networks: tuple[IPNetwork, ...]) -> CatalogMesh:
    return CatalogMesh(
        namespace=mesh.namespace,
        trust_domain=mesh.trust_domain,
        cluster_domain=mesh.cluster_domain,
        cluster_networks=cluster_networks,
        default_inbound_policy=mesh.default_inbound_policy,
        probe_networks=mesh.probe_networks,
        opaque_ports=mesh.opaque_ports,
        fellows=mesh.fellows,
    )


def enrollment_mesh(config: Config) -> EnrollmentMesh:
    network, mesh = config.network, config.mesh
    return EnrollmentMesh(
        mesh_namespace=mesh.namespace,
        trust_domain=mesh.trust_domain,
        cluster_domain=mesh.cluster_domain,
        pod_network=network.pod_network,
        service_network=network.service_network,
        gateway=network.gateway,
        bridge=network.bridge,
        proxy_api_address=network.proxy_api_address,
        proxy_api_port=network.proxy_api_port,
        opaque_ports=mesh.opaque_ports,
        default_inbound_policy=mesh.default_inbound_policy,
        lease_seconds=round(config.enrollment.lease.total_seconds()),
        token_ttl_seconds=int(config.enrollment.token_ttl.total_seconds()),
    )


def authority_spec(config: Config) -> AuthoritySpec:
    authority = config.authority
    files = (authority.trust_anchors_file, authority.issuer_certificate_file, authority.issuer_key_file)
    anchors, certificate, key = (None if path is None else str(path) for path in files)
    return AuthoritySpec(
        directory=str(config.paths.authority_dir),
        name=f"identity.{config.mesh.namespace}.{config.mesh.trust_domain}",
        leaf=authority.leaf_lifetime,
        issuer=authority.issuer_lifetime,
        root=authority.root_lifetime,
        skew=authority.clock_skew,
        renew_at=authority.renew_at,
        trust_anchors_file=anchors,
        issuer_certificate_file=certificate,
        issuer_key_file=key,
        log_level=config.log_level,
    )
