"""The certificate of HTTPS: what it is, and a new one."""

from msgspec import Struct

from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.gateway.services.certificates import CertificateView


class GetCertificate(Struct, frozen=True, kw_only=True):
    pass


class RenewCertificate(Struct, frozen=True, kw_only=True):
    """`authority`: make a new authority as well, which every screen has to trust again."""

    authority: bool = False


class CertificateReply(Struct, frozen=True, kw_only=True):
    certificate: CertificateView


@action("get_certificate", needs="guest", reply="certificate")
def get_certificate(context: Context, _: GetCertificate) -> CertificateReply:
    """The certificate that browsers are shown: its names, its fingerprints, and how long it is
    good."""
    return CertificateReply(certificate=context.services.certificates.view())


@action("renew_certificate", needs="admin", reply="certificate", example={"authority": False})
async def renew_certificate(context: Context, payload: RenewCertificate) -> CertificateReply:
    """Make a new certificate now, for every name and address that this machine has, or read its
    owner's again. It is shown to whoever connects next; who is connected stays."""
    renewed = await context.services.certificates.renew(authority=payload.authority)
    return CertificateReply(certificate=renewed)
