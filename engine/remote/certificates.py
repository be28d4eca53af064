"""An authority of a cluster's own, and the key with which its desks, machines and line know each other.

All are holders of one key file: who has it may give work to the cluster and may work for it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ExperimentError, StorageError

if TYPE_CHECKING:
    from cryptography.x509 import KeyUsage

YEARS = 10
NAME = "Warmstart cluster"
PEM = "-----BEGIN "


@dataclass(frozen=True)
class KeyFile:
    """PEM texts: the authority's certificate, one that it signed, and the private key of that."""

    authority: str
    certificate: str
    private: str

    @staticmethod
    def read(path: Path) -> KeyFile:
        """Raises `ExperimentError` for a file that is none."""
        try:
            told = KeyFile(**json.loads(path.read_text("utf-8")))
            if not all(isinstance(text, str) and text.startswith(PEM) for text in asdict(told).values()):
                raise ValueError(path)
            return told
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StorageError(f"The key {path} cannot be read ({reason}).", "Copy it from the desk.") from error
        except (ValueError, TypeError) as error:
            raise ExperimentError(
                f"{path} is no key of a cluster.", "Copy the file that “cluster start” named."
            ) from error

    def write(self, path: Path) -> None:
        """For this person's eyes only, whole or not at all; one that is there stays. Raises `OSError`."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(self), file)
            if not path.exists():
                os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)

    @staticmethod
    def seen_by_others(path: Path) -> bool:
        """Whether other people of this machine can read the file."""
        return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def key_usage(is_authority: bool) -> KeyUsage:
    """What a key may do: sign certificates, or be shown at the beginning of a connection."""
    from cryptography.x509 import KeyUsage

    return KeyUsage(
        digital_signature=not is_authority, key_cert_sign=is_authority, crl_sign=is_authority,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def made_key() -> KeyFile:
    """A new authority and the one certificate that it ever signs: its own key is not kept."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.now(UTC)
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{NAME} {os.urandom(4).hex()}")])

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey, is_authority: bool) -> x509.Certificate:
        built = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365 * YEARS))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        )  # fmt: skip
        built = built.add_extension(key_usage(is_authority), critical=True)
        if not is_authority:
            both = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
            built = built.add_extension(x509.ExtendedKeyUsage(both), critical=False)
        return built.sign(authority, hashes.SHA256())

    def text(one: x509.Certificate) -> str:
        return one.public_bytes(serialization.Encoding.PEM).decode()

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    private = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return KeyFile(
        text(certificate(issuer, authority.public_key(), True)),
        text(certificate(subject, own.public_key(), False)), private,
    )  # fmt: skip
