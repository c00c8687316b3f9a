"""The settings as each part wants them. Pure."""

from hauberk.config.controller import Controller
from hauberk.identity.authority import AuthoritySpec
from hauberk.identity.given import IssuerFiles
from hauberk.identity.renewal import Lifetimes


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
