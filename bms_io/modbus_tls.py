"""Certificates of Modbus/TCP Security: both sides show one, or nobody speaks.

Source: MODBUS/TCP Security Protocol Specification MB-TCP-Security-v21, 2018: TLS 1.2 or
newer, mutual authentication, port 802. The role in the client's certificate is for the
device to judge; we only show it.
"""

import ssl

from bms_io.points import Tls
from twin.errors import ConfigError

REFUSES_US = "it refuses our certificate"
TRUST_US = "Let the device trust the signer of tls.certificate."


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Make the context of a connection.

    Parameters
    ----------
    tls
        Files of the certificates.

    Returns
    -------
    ssl.SSLContext
        Refuses every device whose certificate the CA did not sign for its name.

    Raises
    ------
    ConfigError
        If a file is missing or not what it should be.
    """
    missing = [path for path in tls[:3] if not path.is_file()]
    if missing:
        names = ", ".join(map(str, missing))
        message = f"{names}: cannot be read. Give PEM files under tls in the point map."
        raise ConfigError(message)
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(tls.certificate, tls.key)
    except ssl.SSLError as error:
        message = (
            f"{tls.ca}, {tls.certificate}, {tls.key}: cannot be used "
            f"({error.reason or error}). They must be PEM, and the key must belong to "
            "the certificate."
        )
        raise ConfigError(message) from error
    return context


def tls_trouble(error: ssl.SSLError) -> tuple[str, str]:
    """Say who refused whom, and what to do.

    Parameters
    ----------
    error
        From the handshake or, with TLS 1.3, from the first read after it.

    Returns
    -------
    tuple[str, str]
        Reason and next step.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"its certificate is refused: {error.verify_message}"
        return reason, "Allowed is one signed by tls.ca for tls.server_name."
    if "ALERT" in (error.reason or ""):
        return f"{REFUSES_US}: {error.reason}", TRUST_US
    return f"TLS failed: {error.reason or error}", "Does it speak TLS on this port?"
