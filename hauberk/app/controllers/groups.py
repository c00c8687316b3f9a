"""The settings as each part wants them. Pure."""

from hauberk.catalog.mesh import Mesh
from hauberk.config.controller import Controller
from hauberk.identity.authority import AuthoritySpec
from hauberk.identity.given import IssuerFiles
from hauberk.identity.renewal import Lifetimes


def catalog_mesh(settings: Controller) -> Mesh:
    mesh = settings.mesh
    return Mesh(
        namespace=mesh.namespace,
        trust_domain=mesh.trust_domain,
        cluster_domain=mesh.cluster_domain,
        cluster_networks=settings.cluster_networks,
        default_inbound_policy=mesh.default_inbound_policy,
        probe_networks=mesh.probe_networks,
        opaque_ports=mesh.opaque_ports,
    )


def lifetimes(settings: Controller) -> Lifetimes:
    lives = settings.lives
    return Lifetimes(
        leaf=lives.leaf, issuer=lives.issuer, root=lives.root, skew=lives.clock_skew, renew_at=lives.renew_at
    )


def authority_spec(settings: Controller, files: IssuerFiles) -> AuthoritySpec:
    lives, mesh = settings.lives, settings.mesh
    return AuthoritySpec(
        directory=str(files.certificate.parent),
        name=f"identity.{mesh.namespace}.{mesh.trust_domain}",
        leaf=lives.leaf,
        issuer=lives.issuer,
        root=lives.root,
        skew=lives.clock_skew,
        renew_at=lives.renew_at,
        trust_anchors_file=str(files.trust_anchors),
        issuer_certificate_file=str(files.certificate),
        issuer_key_file=str(files.key),
        log_level=settings.log_level,
    )
