"""Files that tools return: pictures, sound and other binary content, saved where scripts and `read_file` find them."""

import os

WORKSPACE = "/workspace/.mcp"
# Used if nothing can be written to the workspace.
_SPARE = "/tmp/.mcp"
_NAME_LIMIT = 60
_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/svg+xml": "svg",
    "image/bmp": "bmp",
    "image/tiff": "tiff",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/gzip": "gz",
    "application/json": "json",
    "application/octet-stream": "bin",
    "text/plain": "txt",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
}

# The highest number used in each directory so far.
_numbers = {}


class File(str):
    """A file that a tool has returned. Is its path, with the attributes `path`, `mime` and `size` in bytes."""

    __slots__ = ("mime", "size")

    def __new__(cls, path, mime="application/octet-stream", size=0):
        self = super().__new__(cls, path)
        self.mime = mime
        self.size = size
        return self

    @property
    def path(self):
        return str(self)

    def __str__(self):
        return str.__str__(self)

    def __fspath__(self):
        return str(self)

    def __repr__(self):
        return f"File({str.__repr__(self)}, {self.mime!r}, {self.size})"

    def __reduce__(self):
        return File, (str(self), self.mime, self.size)

    def read_bytes(self):
        """Returns the content."""
        with open(self, "rb") as file:
            return file.read()


class Link(str):
    """A resource of a server that a tool has pointed to. Is its URI, with the attributes `uri`, `server` and `name`."""

    __slots__ = ("server", "name", "mime", "summary")

    def __new__(cls, uri, server=None, name="", mime=None, summary=""):
        self = super().__new__(cls, uri)
        self.server = server
        self.name = name
        self.mime = mime
        self.summary = summary
        return self

    @property
    def uri(self):
        return str(self)

    def __str__(self):
        return str.__str__(self)

    def __repr__(self):
        return f"Link({str.__repr__(self)}, server={self.server!r}, name={self.name!r})"

    def __reduce__(self):
        return Link, (str(self), self.server, self.name, self.mime, self.summary)

    def read(self):
        """Returns the resource's content: text as str, binary content as File."""
        from servers import read_resource

        return read_resource(self.server, str(self))


def save(data, server, name, mime):
    """Saves base64 text as a file. Raises `ValueError` if it is no base64, `OSError` if it cannot be saved."""
    content = _decoded(data)
    mime = mime if isinstance(mime, str) and mime else "application/octet-stream"
    stem, extension = _split(name, mime)
    roots = [os.environ.get("MCP_FILES") or WORKSPACE, _SPARE]
    for root in roots:
        try:
            path = _write(os.path.join(root, safe_name(server)), stem, extension, content)
            break
        except OSError:
            if root == roots[-1]:
                raise
    return File(path, mime, len(content))


def safe_name(name):
    """Returns a name that is safe as one component of a path, and on a command line."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in str(name))
    return safe.strip("._-")[:_NAME_LIMIT] or "file"


def _decoded(data):
    from binascii import Error, a2b_base64

    if not isinstance(data, str):
        raise ValueError("it isn't a string")
    text = "".join(data.split()).rstrip("=")
    if "-" in text or "_" in text:
        text = text.replace("-", "+").replace("_", "/")
    if any(not (c.isascii() and c.isalnum()) and c not in "+/" for c in set(text)):
        raise ValueError("it has other characters than base64")
    try:
        return a2b_base64(text + "=" * (-len(text) % 4))
    except (Error, ValueError):
        raise ValueError("its base64 is cut off") from None


def _split(name, mime):
    stem, dot, extension = str(name).rpartition(".")
    known = _EXTENSIONS.get(mime.partition(";")[0].strip().lower())
    if dot and stem and extension.isascii() and extension.isalnum() and len(extension) <= 8:
        # The type that was declared decides about the extension, unless it says nothing.
        return safe_name(stem), extension.lower() if known in (None, "bin", "txt") or extension == "jpeg" else known
    if known is None:
        import mimetypes

        known = (mimetypes.guess_extension(mime.partition(";")[0].strip()) or ".bin")[1:]
    return safe_name(name), known


def _write(directory, stem, extension, content):
    os.makedirs(directory, exist_ok=True)
    number = _numbers.get(directory) or _highest(directory)
    while True:
        number += 1
        path = os.path.join(directory, f"{number}-{stem}.{extension}")
        if number > _numbers.get(directory, 0):
            _numbers[directory] = number
        try:
            # Another process may take the same number.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            continue
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
        except OSError:
            os.unlink(path)
            raise
        return path


def _highest(directory):
    numbers = (name.partition("-")[0] for name in os.listdir(directory))
    return max((int(number) for number in numbers if number.isascii() and number.isdigit()), default=0)
