import NIOSSL

extension AMQPError {
    /// What a failure of TLS means, and what to do; `nil` where it is another failure. BoringSSL's text has a name for
    /// each.
    static func reason(ofTLS error: any Error) -> String? {
        guard error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError else { return nil }
        let text = "\(error)"
        if error as? NIOSSLExtraError == .failedToValidateHostname {
            return "its certificate is for another host; write the name it is for in amqp.url (\(text))"
        }
        let known = [
            (
                "CERTIFICATE_VERIFY_FAILED",
                "its certificate is not signed by who amqp.tls_ca_file names (by default: the system's authorities), or is out of date"
            ),
            ("WRONG_VERSION_NUMBER", "what answers there does not speak TLS; use its TLS port (5671), or amqp://"),
            // The broker closed the connection to its plain port at once. It may also send something first, which is
            // the case above.
            (
                "EOF during handshake",
                "it hung up in the middle of the handshake: perhaps what answers there does not speak TLS; use its TLS port (5671), or amqp://"
            ),
            (
                "CERTIFICATE_REQUIRED",
                "it asks for our certificate; set amqp.tls_certificate_file and amqp.tls_key_file"
            ),
            (
                "HANDSHAKE_FAILURE",
                "it wants another TLS version, or our certificate (amqp.tls_certificate_file and amqp.tls_key_file)"
            ),
            ("UNKNOWN_CA", "it does not know who signed amqp.tls_certificate_file"),
            ("ALERT_BAD_CERTIFICATE", "it does not take amqp.tls_certificate_file"),
        ]
        let meaning = known.first { text.contains($0.0) }?.1 ?? "the handshake failed"
        return "\(meaning) (\(text))"
    }
}
