import HTTPServer

/// Header fields that limit what a browser lets the page, and others, do.
enum PageHeaders {
    /// What the page may do: load its own files, talk to this service, and never make a script or HTML of a text.
    static let pagePolicy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
        frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
        require-trusted-types-for 'script'; trusted-types 'none'
        """

    /// What a previewed file may do: be shown.
    static let staticPreviewPolicy = """
        sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'
        """

    /// What a previewed file may do if the user has allowed its scripts. Without an origin and without a connection, but
    /// a browser may still let WebRTC through.
    static let scriptedPreviewPolicy = """
        sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; \
        img-src data: blob:; font-src data:; worker-src blob:; form-action 'none'; base-uri 'none'; \
        frame-ancestors 'self'; webrtc 'block'
        """

    private static let permissions = [
        "accelerometer", "autoplay", "camera", "clipboard-read", "display-capture", "encrypted-media", "fullscreen",
        "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment",
        "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    ].map { "\($0)=()" }.joined(separator: ", ")

    private static let always = [
        HTTPHeader("X-Content-Type-Options", "nosniff"), HTTPHeader("Referrer-Policy", "no-referrer"),
        HTTPHeader("Cross-Origin-Opener-Policy", "same-origin"),
        HTTPHeader("Cross-Origin-Resource-Policy", "same-origin"),
        HTTPHeader("Permissions-Policy", permissions), HTTPHeader("X-DNS-Prefetch-Control", "off"),
        HTTPHeader("Cache-Control", "no-store"),
    ]

    /// Returns the fields that a response lacks.
    ///
    /// - Parameter isFramed: whether the page shows it in a frame.
    static func missing(in headers: [HTTPHeader], isFramed: Bool) -> [HTTPHeader] {
        let names = Set(headers.map { $0.name.lowercased() })
        return (isFramed ? always : always + [HTTPHeader("X-Frame-Options", "DENY")]).filter {
            !names.contains($0.name.lowercased())
        }
    }
}
