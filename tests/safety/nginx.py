"""Debian's nginx with the configuration that we ship, on ports of its own."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.stores import free_port
from tests.processes import is_listening, wait_until

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "nginx"
PROGRAM = which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True, slots=True)
class Nginx:
    """Where it listens: without TLS, with it, and where it sends on to https."""

    plain: int
    tls: int
    redirecting: int
    folder: Path

    @property
    def access_log(self) -> str:
        return (self.folder / "access.log").read_text()


@contextmanager
def nginx(
    folder: Path, *, upstream: int, static: Path | None = None, from_outside: bool = False
) -> Iterator[Nginx]:
    """Run nginx before the web server at port `upstream`; all it writes is under `folder`.

    `from_outside`: this machine is treated as one of the outside.
    """
    ports = Nginx(free_port(), free_port(), free_port(), folder)
    _write_certificate(folder)
    site = _site(folder, static or folder)
    (folder / "botsite-site.conf").write_text(site.replace("allow 127.0.0.1;", "") if from_outside else site)
    (folder / "botsite.conf").write_text(_servers(folder, ports, upstream))
    (folder / "nginx.conf").write_text(_main(folder, ports))
    command = [str(PROGRAM), "-c", str(folder / "nginx.conf"), "-p", str(folder), "-g", "daemon off;"]
    with (folder / "output.log").open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_until(lambda: is_listening(ports.plain), seconds=30)
        yield ports
    finally:
        process.terminate()
        process.wait(timeout=15)


def _main(folder: Path, ports: Nginx) -> str:
    user = "user root;" if os.getuid() == 0 else ""  # else its workers could not write to the folder
    paths = "\n".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    return f"""
        {user}
        pid {folder}/pid;
        error_log {folder}/error.log;
        events {{ worker_connections 1024; }}
        http {{
            types {{ text/css css; text/html html; }}
            {paths}
            include {folder}/botsite.conf;
            server {{ listen 127.0.0.1:{ports.plain}; include {folder}/botsite-site.conf; }}
        }}
    """


def _site(folder: Path, static: Path) -> str:
    text = (SHIPPED / "botsite-site.conf").read_text()
    return _replaced(
        text, {"/var/log/nginx/botsite.log": f"{folder}/access.log", "/srv/botsite/static/": f"{static}/"}
    )


def _servers(folder: Path, ports: Nginx, upstream: int) -> str:
    text = (SHIPPED / "botsite.conf").read_text()
    text = re.sub(r"\n *listen \[::\]:.*", "", text)  # not every machine has IPv6
    return _replaced(
        text,
        {
            "127.0.0.1:8000": f"127.0.0.1:{upstream}",
            "listen 80;": f"listen 127.0.0.1:{ports.redirecting};",
            "listen 443 ": f"listen 127.0.0.1:{ports.tls} ",
            "/etc/letsencrypt/live/bot.example.com/": f"{folder}/",
            "/etc/nginx/snippets/": f"{folder}/",
        },
    )


def _replaced(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the shipped configuration no longer says {old}"
        text = text.replace(old, new)
    return text


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bot.example.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=1))
    signed = builder.not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
