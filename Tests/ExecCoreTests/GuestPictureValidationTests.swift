import TestSupport
import Testing

/// Which files the guest takes for whole pictures, without decoding them.
@Suite(.timeLimit(.minutes(3))) struct GuestPictureValidationTests {
    /// Runs `script` with `png`, `jpeg`, `gif` and `webp`, which are pictures of 3 x 2 pixels, parts to make others of, and
    /// `say`, which prints what is said of one.
    private func output(of script: String) async throws -> String {
        let heading = """
            import struct, zlib
            picture_validation, formats = guest.picture_validation, guest.formats
            def chunk(kind, data=b""): return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            def make_png(width, height, rows, depth=8, colour=2, interlaced=0, more=b""):
                header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
                rows = b"" if rows is None else chunk(b"IDAT", rows)
                return b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + more + rows + chunk(b"IEND")
            png = make_png(3, 2, zlib.compress(bytes(20)))
            def part(marker, data): return b"\\xff" + bytes((marker,)) + struct.pack(">H", len(data) + 2) + data
            frame = b"\\x08" + struct.pack(">HH", 2, 3) + b"\\1\\1\\x11\\0"
            rows = part(0xDA, b"\\1\\1\\0\\0\\x3f\\0") + b"\\x12\\xff\\0\\x34\\xff\\xd0\\x56"
            thumbnail = b"\\xff\\xd8" + part(0xC0, b"\\x08" + struct.pack(">HH", 9, 9) + b"\\1\\1\\x11\\0") + b"\\xff\\xd9"
            exif = part(0xE1, b"Exif\\0\\0" + thumbnail)
            jpeg = b"\\xff\\xd8" + exif + part(0xC4, b"table") + b"\\xff" + part(0xC2, frame) + rows + rows + b"\\xff\\xd9"
            screen = b"GIF89a" + struct.pack("<HH", 3, 2) + b"\\x80\\0\\0" + bytes(6)
            picture = b"\\x2c" + struct.pack("<HHHH", 0, 0, 3, 2) + b"\\0\\2\\2\\x44\\1\\0"
            gif = screen + b"\\x21\\xfe\\2hi\\0" + picture + b"\\x21\\xf9\\4\\0\\0\\0\\0\\0" + picture + b"\\x3b"
            def riff(*parts):
                data = b"WEBP" + b"".join(k + struct.pack("<I", len(d)) + d + bytes(len(d) % 2) for k, d in parts)
                return b"RIFF" + struct.pack("<I", len(data)) + data
            lossless = b"\\x2f" + struct.pack("<I", 2 | 1 << 14) + b"xyz"
            lossy = b"\\0\\0\\0\\x9d\\1\\x2a" + struct.pack("<HH", 3, 2) + b"xyz"
            canvas = b"\\2\\0\\0\\0" + (2).to_bytes(3, "little") + (1).to_bytes(3, "little")
            webp = riff((b"VP8L", lossless))
            film = riff((b"VP8X", canvas), (b"ANIM", b"\\0" * 6), (b"ANMF", b"\\0" * 16 + b"frame"))
            def judged(data, side=2000):
                try:
                    return "%d x %d" % picture_validation.check(data, formats.image_type(data), side)
                except picture_validation.BrokenPictureError as reason:
                    return str(reason)
            def say(*pictures):
                for data in pictures: print(judged(data))

            """
        return try await GuestModules.run(heading + script)
    }

    @Test func wholePicturesHaveAWidthAndAHeight() async throws {
        let script = """
            many = [png, jpeg, gif, webp, film, riff((b"VP8 ", lossy)), riff((b"VP8X", canvas), (b"ALPH", b"a"), (b"VP8 ", lossy))]
            many += [make_png(3, 2, zlib.compress(bytes(99)), more=chunk(b"acTL", bytes(8)))]
            many += [make_png(3, 2, zlib.compress(bytes(count)), *kind) for count, kind in (
                (4, (1, 0)), (14, (16, 0)), (26, (8, 6)), (50, (16, 6)), (26, (8, 2, 1)))]
            many += [make_png(3, 2, zlib.compress(bytes(4)), 2, 3, more=chunk(b"PLTE", bytes(3)))]
            many += [data + more for data in (png, jpeg, gif, webp) for more in (b"\\0", b"\\n", b"garbage" * 99)]
            print({judged(data) for data in many})
            print([picture_validation.sides(data, formats.image_type(data)) for data in (png, jpeg, gif, webp, film, png[:24], png[:20])])
            """
        #expect(
            try await output(of: script) == """
                {'3 x 2'}
                [(3, 2), (3, 2), (3, 2), (3, 2), (3, 2), (3, 2), None]

                """)
    }

    @Test func nothingThatIsCutOffIsWhole() async throws {
        let script = """
            for data in (png, jpeg, gif, webp, film):
                kind = formats.image_type(data)
                for length in range(2, len(data)):
                    if formats.image_type(data[:length]) == kind:
                        said = judged(data[:length])
                        name = {"image/webp": "WebP"}.get(kind) or kind[6:].upper()
                        assert said == f"not a whole {name}: cut off after {length} bytes", (length, said)
            print("none")
            """
        #expect(try await output(of: script) == "none\n")
    }

    @Test func damagedOnesAreToldFromWholeOnes() async throws {
        let script = """
            say(png[:50] + b"\\xff" + png[51:], png.replace(b"IHDR", b"IHDX"), make_png(0, 2, b""), make_png(3, 2, None))
            say(make_png(3, 2, zlib.compress(bytes(19))), make_png(3, 2, b"rubbish"), make_png(3, 2, b"", 7), make_png(3, 2, b"", 8, 5))
            say(make_png(3, 2, zlib.compress(bytes(99)), 8, 3))
            start = b"\\xff\\xd8"
            say(start + part(0xE0, b"") + b"x", start + b"\\xff\\xd9", start + part(0xC0, frame) + b"\\xff\\xd9", jpeg.replace(frame, frame[:1] + bytes(4) + frame[5:]))
            say(gif.replace(picture, b""), gif[:40] + b"\\x99" + gif[41:], b"GIF89a" + bytes(7) + b"\\x3b")
            say(riff(), riff((b"EXIF", b"x")), riff((b"VP8X", canvas)), riff((b"VP8 ", b"\\1" * 20)), riff((b"VP8L", b"")))
            say(webp[:16] + struct.pack("<I", 999) + webp[20:])
            """
        #expect(
            try await output(of: script) == """
                a damaged PNG: the checksum of its part at byte 33 is wrong
                not a valid PNG: it does not begin with its header
                a PNG of 0 x 2 pixels, which shows nothing
                not a whole PNG: there is no picture in it
                not a whole PNG: its last rows are missing
                a damaged PNG: its rows cannot be unpacked
                not a valid PNG: there are no such pixels
                not a valid PNG: there are no such pixels
                not a whole PNG: there is no picture in it
                a damaged JPEG: there is no marker at byte 6
                not a whole JPEG: there is no picture in it
                not a whole JPEG: there is no picture in it
                a JPEG of 0 x 0 pixels, which shows nothing
                not a whole GIF: there is no picture in it
                a damaged GIF: nothing can begin at byte 40
                a GIF of 0 x 0 pixels, which shows nothing
                not a whole WebP: cut off after 12 bytes
                not a whole WebP: cut off after 22 bytes
                not a whole WebP: there is no picture in it
                a damaged WebP: its picture does not begin as one
                not a whole WebP: cut off after 20 bytes
                a damaged WebP: a part of it is longer than the whole

                """)
    }

    @Test func aSmallFileThatUnpacksToMuchCostsLittle() async throws {
        let script = """
            import tracemalloc
            bomb = make_png(3, 2, zlib.compress(bytes(60_000_000)))
            wide = make_png(30_000, 30_000, zlib.compress(bytes(100)), 1, 0)
            unpacked = 0
            class Counting:
                def __init__(self, inflater): self.inflater = inflater
                def decompress(self, data, most):
                    global unpacked
                    unpacked += most
                    return self.inflater.decompress(data, most)
                unconsumed_tail = property(lambda self: self.inflater.unconsumed_tail)
            make = zlib.decompressobj
            picture_validation.zlib = type(sys)("zlib")
            picture_validation.zlib.crc32, picture_validation.zlib.error, picture_validation.zlib.decompressobj = zlib.crc32, zlib.error, lambda: Counting(make())
            say(bomb, wide)
            print(unpacked)
            """
        #expect(try await output(of: script) == "3 x 2\n30000 x 30000\n20\n")
    }

    @Test func anyBytesAreJudgedWithoutAnError() async throws {
        let script = """
            import random
            generator = random.Random(1)
            count = 0
            for number in range(6000):
                data = bytearray(generator.choice((png, jpeg, gif, webp, film)))
                for _ in range(generator.randint(1, 4)):
                    at = generator.randrange(len(data))
                    what = generator.randrange(4)
                    if what == 0: data[at] = generator.randrange(256)
                    elif what == 1: del data[at:at + generator.randint(1, 9)]
                    elif what == 2: data[at:at] = generator.randbytes(generator.randint(1, 5))
                    else: data[at:at + 4] = generator.choice((b"\\0\\0\\0\\0", b"\\xff\\xff\\xff\\xff", b"\\x7f\\xff\\xff\\xff"))
                    if not data: break
                kind = formats.image_type(bytes(data[:16]))
                if kind:
                    judged(bytes(data))
                    picture_validation.sides(bytes(data), kind)
                    count += 1
            print(count > 3000)
            """
        #expect(try await output(of: script) == "True\n")
    }
}
