"""A Hub on the loopback interface: as much of the Hugging Face Hub's file protocol as huggingface_hub needs.

Model repos go by `owner/name`, others by `spaces/owner/name` and `datasets/owner/name`.

Reading: HEAD and GET of `/{repo}/resolve/{revision}/{file}` with ETag, X-Repo-Commit and Content-Length, or of a range
of its bytes; large files answer with a redirect to a second origin (the CDN) and X-Linked-Etag, X-Linked-Size; a repo's
info and tree, with the sizes of its files and the tags of its card; errors carry X-Error-Code as the Hub's do. Writing:
create repo, validate-yaml, preupload, the LFS batch, upload and verify, commit, and a Space's variables. Faults can be
switched on.
"""

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import huggingface_hub
from huggingface_hub import constants

LARGE = (".safetensors", ".parquet", ".task", ".mp4", ".webm", ".png")


@dataclass
class Repo:
    """Commits (hash -> files) and the branches and tags that point at them."""

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    sdk: str | None = None
    variables: dict[str, str] = field(default_factory=dict)


@dataclass
class Request:
    """What a client asked for; path without the query."""

    method: str
    path: str
    agent: str
    authorised: bool
    sent: int = 0  # bytes of a file's content


class LoopbackHub:
    """The server. Use as a context manager; `endpoint` is what HF_ENDPOINT is set to.

    Faults, each off by default: `status` answers everything with that status; `silent`, `cut` and `foreign` are parts
    of paths: never answered, broken off half-way, answered like some other web server.
    """

    def __init__(self):
        self.repos: dict[str, Repo] = {}
        self.tokens: dict[str, str] = {}  # token -> the owner it may write for, "" for read only
        self.requests: list[Request] = []
        self.blobs: dict[str, bytes] = {}  # sha256 -> content uploaded or served by the CDN
        self.status = None
        self.silent = self.cut = self.foreign = None
        self.closing = threading.Event()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
        self.endpoint, self.cdn = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)
        self._threads = [threading.Thread(target=server.serve_forever, args=(0.02,)) for server in self._servers]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Go down: from now on connections are refused."""
        if self.closing.is_set():
            return
        self.closing.set()
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    def commit(self, repo_id, files, *refs):
        """Commit files to a repo, created when missing, and point branches or tags ("main" by default) at it."""
        repo = self.repos.setdefault(repo_id, Repo())
        content = b"".join(name.encode() + hashlib.sha1(files[name]).digest() for name in sorted(files))
        commit = hashlib.sha1(content + str(len(repo.commits)).encode()).hexdigest()
        repo.commits[commit] = dict(files)
        repo.refs.update(dict.fromkeys(refs or ("main",), commit))
        self.blobs.update({hashlib.sha256(data).hexdigest(): data for data in files.values()})
        return commit

    def fetched(self):
        """Names of the files whose content was sent, in order."""
        gets = [request.path for request in self.requests if request.method == "GET"]
        return [path.rsplit("/", 1)[1] for path in gets if "/resolve/" in path or "/cdn/" in path]


def ask_only(hub, folder, monkeypatch):
    """Have huggingface_hub ask this Hub and no other, with no token and an empty cache in the folder."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "BPDEMO_WEIGHTS", "HF_OIDC_RESOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    settings = {
        "ENDPOINT": hub.endpoint,
        "HUGGINGFACE_CO_URL_TEMPLATE": hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HUB_CACHE": str(folder / "cache"),
        "HF_TOKEN_PATH": str(folder / "token"),
        "HF_HUB_OFFLINE": False,
        "HF_HUB_ETAG_TIMEOUT": 30,
        "HF_HUB_DOWNLOAD_TIMEOUT": 30,
        "HF_HUB_DISABLE_XET": True,  # the loopback Hub stores large files by LFS only
    }
    for name, value in settings.items():
        monkeypatch.setattr(constants, name, value)
    huggingface_hub.close_session()


class _Handler(BaseHTTPRequestHandler):
    hub: LoopbackHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _serve(self):
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.asked = Request(self.command, path, self.headers.get("User-Agent", ""), bool(token))
        hub.requests.append(self.asked)
        if hub.silent and hub.silent in path:
            hub.closing.wait()
            self.close_connection = True
        elif hub.status:
            self._send(hub.status, error="out of order")
        elif hub.foreign and hub.foreign in path:
            self._send(200, b"<html>Welcome to the hotel</html>")
        elif "/cdn/" in path:
            self._serve_blob(path.split("/")[2], body)
        elif token and token not in hub.tokens:
            self._send(401, error="Invalid credentials in Authorization header")
        elif found := re.fullmatch(r"/((?:(?:spaces|datasets)/)?[^/]+/[^/]+)/resolve/(.+)", path):
            self._serve_file(found[1], *self._split(*found.groups()), token)
        elif self.command == "GET" and (
            found := re.fullmatch(r"/api/(models|spaces|datasets)/([^/]+/[^/]+?)(?:/(revision|tree)/(.+))?", path)
        ):
            self._serve_info(_repo_id(found[1], found[2]), found[4], token, as_tree=found[3] == "tree")
        elif self.command == "POST":
            self._serve_write(path, body, token)
        else:
            self._send(404, error="no such page")

    do_HEAD = do_GET = do_POST = do_PUT = _serve  # noqa: N815

    def _send(self, status, content=b"", *, code=None, error=None, **headers):
        """Answer; keyword headers are written with dashes for underscores."""
        if isinstance(content, dict):
            content = json.dumps(content).encode()
            headers["Content_Type"] = "application/json"
        if error is not None:
            headers["X_Error_Message"] = error
        if code is not None:
            headers["X_Error_Code"] = code
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")  # so that a server that went down is down at once
        self.end_headers()
        self.close_connection = True
        if self.command != "HEAD":
            cut = self.hub.cut and self.hub.cut in self.path
            # Broken off half-way, and resumed without success.
            self.wfile.write(
                b"" if cut and "Range" in self.headers else content[: len(content) // 2] if cut else content
            )

    def _send_content(self, content, **headers):
        """Answer with a file's content, or the range of it that is asked for."""
        first, last = (self.headers.get("Range") or "").removeprefix("bytes=").partition("-")[::2]
        part = content[int(first) : int(last or len(content)) + 1] if first else content
        if first:
            headers["Content_Range"] = f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}"
        self.asked.sent = len(part) if self.command == "GET" else 0
        self._send(206 if first else 200, part, **headers)

    def _split(self, repo_id, place):
        """Return revision and file of `revision/file`; either may hold slashes."""
        repo = self.hub.repos.get(repo_id, Repo())
        known = [name for name in (*repo.refs, *repo.commits) if place.startswith(name + "/")]
        return (known[0], place[len(known[0]) + 1 :]) if known else place.rsplit("/", 1)

    def _find(self, repo_id, revision, token, *, content=True):
        """Return repo and commit hash, or None when the answer has been sent; what a gated repo holds is public."""
        repo = self.hub.repos.get(repo_id)
        owner = bool(token) and self.hub.tokens[token] == repo_id.split("/")[-2]
        if repo is None or (repo.private and not owner):
            self._send(404 if token else 401, code="RepoNotFound", error="Repository not found")
        elif content and repo.gated and not owner:
            self._send(403 if token else 401, code="GatedRepo", error=f"Access to model {repo_id} is restricted.")
        else:
            commit = repo.refs.get(revision, revision)
            if commit in repo.commits:
                return repo, commit
            self._send(404, code="RevisionNotFound", error=f"Invalid rev id: {revision}")
        return None

    def _serve_file(self, repo_id, revision, name, token):
        found = self._find(repo_id, revision, token)
        if found is None:
            return
        repo, commit = found
        content = repo.commits[commit].get(name)
        if content is None:
            self._send(404, code="EntryNotFound", error="Entry not found", X_Repo_Commit=commit)
        elif name.endswith(LARGE):
            sha256 = hashlib.sha256(content).hexdigest()
            self._send(
                302,
                Location=f"{self.hub.cdn}/cdn/{sha256}/{name}",
                X_Repo_Commit=commit,
                X_Linked_Etag=f'"{sha256}"',
                X_Linked_Size=len(content),
            )
        else:
            self._send_content(content, ETag=f'"{_git_name(content)}"', X_Repo_Commit=commit)

    def _serve_blob(self, sha256, body):
        if self.command == "PUT":
            self.hub.blobs[sha256] = body
            self._send(200, ETag=f'"{sha256}"')
        else:
            self._send_content(self.hub.blobs[sha256], ETag=f'"{sha256}"')

    def _serve_info(self, repo_id, revision, token, *, as_tree):
        found = self._find(repo_id, revision or "main", token, content=False)
        if found is None:
            return
        repo, commit = found
        files = {
            name: {"size": len(content), "blobId": _git_name(content)} for name, content in repo.commits[commit].items()
        }
        if as_tree:
            entries = [
                {"type": "file", "path": name, "size": file["size"], "oid": file["blobId"]}
                for name, file in files.items()
            ]
            self._send(200, json.dumps(entries).encode(), Content_Type="application/json")
        else:
            info = {"id": "/".join(repo_id.split("/")[-2:]), "sha": commit, "private": repo.private}
            info["tags"] = _tags(repo.commits[commit].get("README.md", b""))
            info["siblings"] = [{"rfilename": name, **file} for name, file in files.items()]
            self._send(200, {**info, **({"sdk": repo.sdk} if repo.sdk else {})})

    def _serve_write(self, path, body, token):
        hub = self.hub
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        if path == "/api/validate-yaml":
            good = lines[0]["content"].startswith("---\n")
            self._send(200 if good else 400, {} if good else {"errors": [{"message": "no front matter"}]})
            return
        if path == "/api/repos/create":
            kind, owner, name = lines[0].get("type"), lines[0]["organization"], lines[0]["name"]
        elif found := re.match(
            r"(?:/api/models|/api/(spaces|datasets)|/(spaces|datasets))?/([^/]+)/([^/]+?)(?:\.git)?/(preupload|info|commit|verify|variables)",
            path,
        ):
            kind, owner, name = found[1] or found[2], found[3], found[4]
        else:
            self._send(404, error="no such page")
            return
        repo_id = _repo_id(kind, f"{owner}/{name}")
        if not token:
            self._send(401, error="Invalid username or password.")
        elif hub.tokens[token] != owner:
            self._send(403, error=f"You don't have the rights to write to {owner}")
        elif path == "/api/repos/create":
            if repo_id in hub.repos:
                self._send(409, {"url": f"{hub.endpoint}/{repo_id}"}, error="You already created this repo")
            else:
                hub.repos[repo_id] = Repo(private=lines[0].get("visibility") == "private", sdk=lines[0].get("sdk"))
                hub.commit(repo_id, {".gitattributes": b""})
                self._send(200, {"url": f"{hub.endpoint}/{repo_id}"})
        elif path.endswith("/variables"):
            hub.repos[repo_id].variables[lines[0]["key"]] = lines[0]["value"]
            self._send(200, {key: {"key": key, "value": value} for key, value in hub.repos[repo_id].variables.items()})
        elif "/preupload/" in path:
            modes = {file["path"]: "lfs" if file["path"].endswith(LARGE) else "regular" for file in lines[0]["files"]}
            self._send(
                200,
                {"files": [{"path": name, "uploadMode": mode, "shouldIgnore": False} for name, mode in modes.items()]},
            )
        elif path.endswith("/info/lfs/objects/batch"):
            verify = {"href": f"{hub.endpoint}/{repo_id}/verify"}
            objects = [
                {**item, "actions": {"upload": {"href": f"{hub.cdn}/cdn/{item['oid']}"}, "verify": verify}}
                if item["oid"] not in hub.blobs
                else item  # which need not be sent
                for item in lines[0]["objects"]
            ]
            self._send(200, {"transfer": "basic", "objects": objects})
        elif path.endswith("/verify"):
            content = hub.blobs.get(lines[0]["oid"], b"")
            whole = hashlib.sha256(content).hexdigest() == lines[0]["oid"] and len(content) == lines[0]["size"]
            self._send(200 if whole else 400, {})
        else:
            repo = hub.repos[repo_id]
            files = dict(repo.commits[repo.refs["main"]])
            for line in lines:
                if line["key"] == "file":
                    files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                elif line["key"] == "lfsFile":
                    files[line["value"]["path"]] = hub.blobs[line["value"]["oid"]]
                elif line["key"] == "deletedFile":
                    del files[line["value"]["path"]]
            commit = hub.commit(repo_id, files)
            self._send(
                200, {"commitUrl": f"{hub.endpoint}/{repo_id}/commit/{commit}", "commitOid": commit, "success": True}
            )


def _git_name(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _repo_id(kind, name):
    kind = kind.rstrip("s") if kind else "model"
    return name if kind == "model" else f"{kind}s/{name}"


def _tags(card):
    """Return the tags in the front matter of a card: a list, one a line."""
    found = re.search(r"^tags:\n((?:- .+\n)+)", card.decode().partition("\n---")[0] + "\n", flags=re.MULTILINE)
    return re.findall(r"^- (.+)$", found[1], flags=re.MULTILINE) if found else []
