"""The hall's certificate for its pages: made here at the first start, renewed before it ends.

A small authority of the hall signs it, so that a technician installs one file in the clerks' browsers and
renewals need nobody. The authority may speak for the hall's names and for private addresses alone, so
that its key, were it stolen, opens nothing else.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import logging
import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

log = logging.getLogger(__name__)

AUTHORITY_DAYS = 3650
DAYS = 397
RENEW_DAYS = 30
_PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "fc00::/7",
    "::1/128",
)
_PERMITTED_SUFFIXES = ("local", "internal", "lan", "localdomain", "localhost")


class CertificateUnusable(Exception):
    """The hall's own certificate cannot be used; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Names:
    """By what the hall is asked for: host names and addresses."""

    hosts: tuple[str, ...]
    addresses: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Both."""
        return (*self.hosts, *self.addresses)


class HallCertificate:
    """Files in ``folder``: ``authority.crt``, ``authority.key``, ``pages.crt``, ``pages.key`` (keys 0600)."""

    def __init__(self, folder: Path, *, hall: str, wall: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._hall = hall
        self._wall = wall

    @property
    def authority(self) -> Path:
        """What is installed in browsers (PEM)."""
        return self._folder / "authority.crt"

    @property
    def chain(self) -> Path:
        """The certificate of the pages with its authority's (PEM)."""
        return self._folder / "pages.crt"

    @property
    def key(self) -> Path:
        """Its key."""
        return self._folder / "pages.key"

    def ensure(self, names: Names) -> bool:
        """Make what is missing, renew what ends soon or lacks a name; True when anything changed."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = self._read(self.authority)
        if authority is None or self._ends_within(authority, DAYS) or not _may_name(authority, names):
            authority = self._make_authority(names)
        elif (pages := self._read(self.chain)) is not None and self.key.exists():
            fresh = not self._ends_within(pages, RENEW_DAYS)
            if fresh and pages.issuer == authority.subject and set(names.all) <= set(_names(pages)):
                return False
        self._make_pages(authority, names)
        return True

    def fingerprint(self) -> str:
        """SHA-256 of the authority, in pairs, to be compared by eye."""
        found = self._read(self.authority)
        return "" if found is None else fingerprint(found)

    def _make_authority(self, names: Names) -> x509.Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(
                    NameOID.COMMON_NAME, f"Banshi hall {self._hall} {os.urandom(3).hex()}"[:64]
                ),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Banshi"),
            ]
        )
        builder = (
            self._builder(subject, subject, key.public_key(), AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(sign=True), critical=True)
            .add_extension(_permitted(names), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        made = builder.sign(key, hashes.SHA256())
        _write_key(self._folder / "authority.key", key)
        _write(self.authority, made.public_bytes(serialization.Encoding.PEM), 0o644)
        log.warning("made the hall's authority; fingerprint %s", fingerprint(made))
        return made

    def _make_pages(self, authority: x509.Certificate, names: Names) -> None:
        signer = serialization.load_pem_private_key((self._folder / "authority.key").read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names.all[0][:64])])
        general: list[x509.GeneralName] = [x509.DNSName(host) for host in names.hosts]
        general += [x509.IPAddress(ipaddress.ip_address(address)) for address in names.addresses]
        issuer_key: CertificateIssuerPrivateKeyTypes = signer
        made = (
            self._builder(subject, authority.subject, key.public_key(), DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(sign=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(general), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
            )
            .sign(issuer_key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        _write_key(self.key, key)
        _write(self.chain, made.public_bytes(pem) + authority.public_bytes(pem), 0o644)
        log.info("made a certificate of the pages for %s", ", ".join(names.all))

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
    ) -> x509.CertificateBuilder:
        now = self._now()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=days))
        )

    def _read(self, path: Path) -> x509.Certificate | None:
        try:
            return x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError):
            return None

    def _ends_within(self, certificate: x509.Certificate, days: int) -> bool:
        return certificate.not_valid_after_utc < self._now() + datetime.timedelta(days=days)

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._wall(), tz=datetime.UTC)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate in pairs."""
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def require_usable(certificate: Path, key: Path, wall: Callable[[], float] = time.time) -> None:
    """Check the hall's own files. Raises CertificateUnusable."""
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except OSError as error:
        raise CertificateUnusable(f"{certificate} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CertificateUnusable(f"{certificate} is not a PEM certificate") from error
    ends = found.not_valid_after_utc
    if ends.timestamp() < wall():
        raise CertificateUnusable(f"{certificate} ended on {ends:%Y-%m-%d}; put a valid one in its place")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise CertificateUnusable(f"{key} is not the key of {certificate}: {error}") from error


def _names(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = found.get_values_for_type(x509.IPAddress)
    return [*found.get_values_for_type(x509.DNSName), *(str(address) for address in addresses)]


def _permitted(names: Names) -> x509.NameConstraints:
    networks = [ipaddress.ip_network(network) for network in _PRIVATE]
    outside = [
        ipaddress.ip_network(address)
        for address in names.addresses
        if not any(ipaddress.ip_address(address) in network for network in networks)
    ]
    subtrees: list[x509.GeneralName] = [x509.IPAddress(network) for network in (*networks, *outside)]
    subtrees += [x509.DNSName(host) for host in dict.fromkeys((*names.hosts, *_PERMITTED_SUFFIXES))]
    return x509.NameConstraints(permitted_subtrees=subtrees, excluded_subtrees=None)


def _may_name(authority: x509.Certificate, names: Names) -> bool:
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = [tree.value for tree in constraints.permitted_subtrees or ()]
    return all(any(_within(name, tree) for tree in permitted) for name in names.all)


def _within(name: str, tree: object) -> bool:
    if isinstance(tree, str):
        return name == tree or name.endswith(f".{tree}")
    try:
        return ipaddress.ip_address(name) in tree  # type: ignore[operator]
    except (ValueError, TypeError):
        return False


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign,
        crl_sign=sign,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(path, pem, 0o600)


def _write(path: Path, data: bytes, mode: int) -> None:
    part = path.with_suffix(path.suffix + ".new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
