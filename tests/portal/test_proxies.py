"""The desk behind nginx and behind Caddy, with the configuration that DEPLOY.md prints."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from autograder.portal.auth import links
from autograder.portal.tables import Audit
from tests.grading.toycourse import RIGHT
from tests.portal.serving import ROOT, Served, secrets_of
from tests.portal.toydesk import csrf, make_desk, notebook

NAME = "desk.example.org"
SLOW = RIGHT | {"relu": "import time; time.sleep(1)\n" + RIGHT["relu"]}
NGINX = """
daemon off; pid {folder}/pid; error_log stderr;
events {{}}
http {{
    {temporary}
    {server}
}}
"""
CADDY = """
{{
    admin off
    auto_https disable_redirects
    storage file_system {folder}/storage
}}
{server}
"""


def printed(kind: str) -> str:
    """The configuration that DEPLOY.md has under this heading."""
    text = (ROOT / "autograder" / "portal" / "DEPLOY.md").read_text("utf-8")
    return re.search(rf"^## {kind}\n\n```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[1]


def put(text: str, *pairs: tuple[str, str]) -> str:
    """`text` with what must differ here: ports, certificates, folders."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def nginx(folder: Path, port: int, desk: int) -> list[str]:
    server = put(
        printed("nginx"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", f"{folder}/cert.pem"),
        (f"/etc/letsencrypt/live/{NAME}/privkey.pem", f"{folder}/key.pem"),
        ("/var/log/nginx/desk.log", f"{folder}/access.log"),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:{desk}"),
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in kinds)
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, temporary=temporary, server=server), "utf-8")
    return ["nginx", "-p", str(folder), "-c", str(file)]


def caddy(folder: Path, port: int, desk: int) -> list[str]:
    server = put(
        printed("Caddy"),
        (
            f"{NAME} {{",
            f"https://{NAME}:{port} {{\n    bind 127.0.0.1\n"
            f"    tls {folder}/cert.pem {folder}/key.pem",
        ),
        ("127.0.0.1:8000", f"127.0.0.1:{desk}"),
    )
    file = folder / "Caddyfile"
    file.write_text(CADDY.format(folder=folder, server=server), "utf-8")
    return ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]


class Behind:
    """A proxy in front of a desk; `client()` is a browser's connection to it."""

    def __init__(self, desk: Served, folder: Path, port: int) -> None:
        self.desk, self.folder, self.port = desk, folder, port

    def client(self) -> httpx2.Client:
        there = {"Host": NAME, "Origin": f"https://{NAME}"}
        return httpx2.Client(
            base_url=f"https://127.0.0.1:{self.port}", headers=there, verify=False, timeout=30
        )

    def ask(self, client: httpx2.Client, method: str, path: str, **more) -> httpx2.Response:
        named = {"sni_hostname": NAME}
        return client.request(method, path, extensions=named, **more)


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def behind(request, tmp_path: Path) -> Iterator[Behind]:
    if shutil.which(request.param.__name__) is None:
        pytest.skip(f"no {request.param.__name__} here (apt)")
    toy = make_desk(tmp_path / "course")
    with (toy.course.root / "course.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[portal]\naddress = "https://{NAME}"\nworkers = 1\n')
    toy.course.__dict__.pop("settings", None)
    folder = tmp_path / "proxy"
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        + ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Served(toy.course) as desk, (folder / "said").open("wb") as said:
        command = request.param(folder, port, desk.port)
        proxy = subprocess.Popen(command, stdout=said, stderr=said, cwd=folder)
        try:
            _wait(proxy, port, folder / "said")
            found = Behind(desk, folder, port)
            found.toy = toy
            yield found
        finally:
            proxy.terminate()
            proxy.wait(timeout=30)


def _wait(proxy: subprocess.Popen, port: int, said: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert proxy.poll() is None, said.read_text("utf-8")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the proxy does not listen")


def test_a_student_hands_in_through_the_proxy_as_it_is_printed(behind: Behind) -> None:
    token = secrets_of(behind.desk.course, ["s01"], links.LINK)["s01"]
    with behind.client() as browser:
        assert "<title>book</title>" in behind.ask(browser, "GET", "/").text
        page = behind.ask(browser, "GET", f"/desk/in/{token}")
        assert page.status_code == 200, page.text
        fields = {"csrf": csrf(page.text), "token": token}
        spoofed = {"X-Forwarded-For": "6.6.6.6"}
        entered = behind.ask(browser, "POST", "/desk/in", data=fields, headers=spoofed)
        assert entered.status_code == 303, entered.text
        cookie = entered.headers["set-cookie"].lower()
        assert "secure" in cookie and "httponly" in cookie

        lab = behind.ask(browser, "GET", "/desk/labs/toy")
        assert lab.headers["content-security-policy"]
        taken = behind.ask(
            browser,
            "POST",
            "/desk/labs/toy/handin",
            data={"csrf": csrf(lab.text)},
            files={"notebook": ("toy.ipynb", notebook(SLOW))},
        )
        assert taken.status_code == 303, taken.text
        result = taken.headers["location"].removeprefix(f"https://{NAME}")
        # Progress comes while the grading goes on, not in one piece at its end.
        events = f"https://127.0.0.1:{behind.port}{result}/events"
        with browser.stream("GET", events, extensions={"sni_hostname": NAME}) as told:
            lines = (line for line in told.iter_lines() if line.startswith("data:"))
            first = next(lines)
            with behind.client() as other:
                other.cookies = browser.cookies
                assert "data-events" in behind.ask(other, "GET", result).text
            *_, last = lines
        assert '"waiting"' in first or '"running"' in first
        assert '"done"' in last
        assert "100<small> / 100" in behind.ask(browser, "GET", result).text

        large = behind.ask(
            browser,
            "POST",
            "/desk/labs/toy/handin",
            data={"csrf": csrf(lab.text)},
            files={"notebook": ("toy.ipynb", b"x" * (22 << 20))},
        )
        assert large.status_code == 413
    with behind.toy.desk.database.session() as db:
        addresses = {each.address for each in db.query(Audit).filter_by(actor="s01")}
    assert addresses == {"127.0.0.1"}  # as the proxy saw it, whatever the caller says
    log = behind.folder / "access.log"
    if log.exists():  # nginx; Caddy writes none
        text = log.read_text("utf-8")
        assert "/desk/labs/toy" in text and token not in text
