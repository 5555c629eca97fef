import ExecCore
import TestSupport
import Testing

extension EngineTests {
    /// Pictures that are scaled down in the sandbox.
    @Suite struct PictureTests {
        private struct Picture {
            let data: [UInt8]
            let mediaType: String
            let remark: String?

            /// The width and height that a PNG states.
            var dimensions: [Int] {
                [16, 20].map { start in data[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
            }
        }

        /// Runs Python with Pillow at hand and reads the picture that it leaves in `picture`.
        private func picture(_ program: String, in pool: TestPool) async throws -> Picture {
            let heading = "import os\nfrom PIL import Image\n"
            try await pool.pool.withSandbox(of: pool.user) { sandbox in
                _ = try await sandbox.write(heading + program, to: "make.py")
                let made = try await sandbox.execute("python3 make.py", timeout: 120)
                try #require(made.exitCode == 0, "\(made.standardError)")
            }
            let content = try await pool.pool.withSandbox(of: pool.user) {
                try await $0.read("picture", offset: 0, lineCount: nil)
            }
            guard case .image(let data, let mediaType, let remark) = content else {
                throw ExecError(.refused, "\(content) is no picture")
            }
            #expect(data.count <= Limits.imageBytes)
            return Picture(data: data, mediaType: mediaType, remark: remark)
        }

        private func refusal(_ program: String, in pool: TestPool) async throws -> String {
            let error = await #expect(throws: ExecError.self) { try await picture(program, in: pool) }
            return error?.message ?? ""
        }

        @Test func aPhotographBecomesASmallerJPEG() async throws {
            try await TestPool.with { pool async throws in
                let noise = "Image.frombytes('RGB', (3000, 2000), os.urandom(18_000_000))"
                for (format, name) in [("PNG", " as JPEG"), ("JPEG", "")] {
                    let picture = try await picture(
                        "\(noise).save('picture', '\(format)')\nprint(os.path.getsize('picture'))", in: pool)
                    #expect(picture.mediaType == "image/jpeg")
                    #expect(picture.data.starts(with: [0xFF, 0xD8, 0xFF]))
                    let remark = try #require(picture.remark)
                    #expect(remark.hasPrefix("Scaled down from 3000 × 2000 pixels, "), "\(remark)")
                    #expect(remark.hasSuffix(" bytes, to 1500 × 1000 pixels\(name) to fit 1 MB."), "\(remark)")
                }
            }
        }

        @Test func aDrawingStaysAPNG() async throws {
            try await TestPool.with { pool async throws in
                let drawing = "Image.linear_gradient('L').resize((5000, 4000)).save('picture', 'PNG', compress_level=0)"
                let picture = try await picture(drawing, in: pool)
                #expect(picture.mediaType == "image/png")
                #expect(picture.dimensions == [2000, 1600])
                #expect(picture.remark?.hasSuffix(" bytes, to 2000 × 1600 pixels to fit 1 MB.") == true)
            }
        }

        @Test(arguments: ["RGBA", "LA", "P", "1", "I;16"])
        func everyKindOfPixelIsUnderstood(mode: String) async throws {
            try await TestPool.with { pool async throws in
                let program = """
                    size = {"RGBA": 4, "LA": 2, "I;16": 2}.get("\(mode)", 1)
                    data = os.urandom(4000 * 3000 * size if "\(mode)" != "1" else 500 * 3000)
                    picture = Image.frombytes("\(mode)", (4000, 3000), data)
                    if "\(mode)" == "P": picture.putpalette(os.urandom(768))
                    picture.save("picture", "PNG", compress_level=0)
                    """
                let picture = try await picture(program, in: pool)
                #expect(picture.remark?.hasPrefix("Scaled down from 4000 × 3000 pixels, ") == true)
            }
        }

        @Test func ofAFilmTheFirstFrameIsShown() async throws {
            try await TestPool.with { pool async throws in
                let program = """
                    frames = [Image.frombytes("L", (300, 300), os.urandom(90_000)) for _ in range(20)]
                    frames[0].save("picture", "GIF", save_all=True, append_images=frames[1:])
                    """
                let picture = try await picture(program, in: pool)
                #expect(picture.mediaType == "image/png")
                #expect(picture.dimensions == [300, 300])
                #expect(picture.remark?.hasPrefix("Converted from 300 × 300 pixels, ") == true)
                #expect(picture.remark?.contains("first frame") == true)
            }
        }

        @Test(arguments: ["JPEG", "MPO", "WEBP", "PNG"]) func aTurnedPictureIsShownUpright(format: String) async throws
        {
            try await TestPool.with { pool async throws in
                let program = """
                    picture = Image.frombytes("RGB", (3000, 1000), os.urandom(9_000_000))
                    exif = picture.getexif()
                    exif[0x0112] = 6
                    picture.save("picture", "\(format)", exif=exif, quality=100)
                    """
                let remark = try await picture(program, in: pool).remark ?? ""
                #expect(remark.hasPrefix("Scaled down from 1000 × 3000 pixels, "), "\(remark)")
                #expect(
                    ["667 × 2000", "500 × 1500", "333 × 1000"].contains { remark.contains("to \($0)") }, "\(remark)")
            }
        }

        @Test func oneUpToTheLimitComesAsItIs() async throws {
            try await TestPool.with { pool async throws in
                let fill = "open('picture', 'ab').truncate(1_000_000)"
                let picture = try await picture("Image.new('L', (9, 9)).save('picture', 'PNG')\n\(fill)", in: pool)
                #expect(picture.data.count == 1_000_000)
                #expect(picture.remark == nil)
            }
        }

        @Test func whatCannotBeScaledDownIsRefused() async throws {
            try await TestPool.with { pool async throws in
                let bomb = "Image.new('1', (20_000, 20_000)).save('picture', 'PNG')"
                let fill = "open('picture', 'ab').truncate"
                let large = try await refusal("\(bomb)\n\(fill)(2_000_000)", in: pool)
                #expect(large.contains("it has 20000 x 20000 pixels, more than 128000000"), "\(large)")
                let huge = try await refusal("\(bomb)\n\(fill)(68_000_000)", in: pool)
                #expect(huge.contains("a picture of 68000000 bytes, more than the 67108864"), "\(huge)")
                let noise = "Image.frombytes('L', (2000, 2000), os.urandom(4_000_000)).save('picture', 'PNG')"
                let broken = try await refusal("\(noise)\n\(fill)(1_500_000)", in: pool)
                #expect(broken.contains("truncated"), "\(broken)")
                #expect(broken.contains("Make a smaller one"))
                #expect(try await pool.processCount("RLIMIT_AS") == 0)
            }
        }
    }
}
