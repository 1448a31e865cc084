"""Images as PNG of 8 bits a channel, without filters."""

import base64
import struct
import zlib

HEAD = "data:image/png;base64,"
KINDS = {1: 0, 3: 2}


def data_url(lines, channels):
    """The URL of an image, of whose pixels a line is the bytes of one row, channel by channel."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    width = len(lines[0]) // channels
    header = struct.pack(">IIBBBBB", width, len(lines), 8, KINDS[channels], 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + line for line in lines))
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return HEAD + base64.b64encode(file).decode()


def pixels(url):
    """The pixels of such an image, `[channels][height][width]`."""
    file = base64.b64decode(url.removeprefix(HEAD))
    width, height, _, kind = struct.unpack(">IIBB", file[16:26])
    channels = next(channels for channels, own in KINDS.items() if own == kind)
    at = file.index(b"IDAT")
    body = zlib.decompress(file[at + 4 : at + 4 + struct.unpack(">I", file[at - 4 : at])[0]])
    line = 1 + width * channels
    pixel = lambda row, column, channel: body[row * line + 1 + column * channels + channel]
    return [[[pixel(y, x, c) for x in range(width)] for y in range(height)] for c in range(channels)]
