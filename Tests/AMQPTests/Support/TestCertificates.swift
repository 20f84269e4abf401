import Foundation
import TestSupport
import Testing

/// A certificate authority, the certificates it signed, and an authority that signed nothing, made anew in a folder of
/// their own.
struct TestCertificates {
    private let folder: URL

    subscript(_ file: String) -> String { folder.appendingPathComponent(file).path }

    /// - Parameters:
    ///   - server: what the server's certificate is for, as OpenSSL's `subjectAltName` has it.
    ///   - user: the name in the client's certificate.
    static func make(for server: String, user: String) async throws -> TestCertificates {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("perpetua-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificates = TestCertificates(folder: folder)
        try "subjectAltName=\(server)\n".write(
            to: folder.appendingPathComponent("server.ext"), atomically: true, encoding: .utf8)
        try "extendedKeyUsage=clientAuth\n".write(
            to: folder.appendingPathComponent("client.ext"), atomically: true, encoding: .utf8)
        for name in ["ca", "other-ca"] {
            try await certificates.openssl(
                "req", "-x509", "-days", "2", "-subj", "/CN=\(name)", "-out", certificates["\(name).pem"], key: name)
        }
        for (name, subject) in [("server", "server"), ("client", user)] {
            try await certificates.openssl(
                "req", "-subj", "/CN=\(subject)", "-out", certificates["\(name).csr"], key: name)
            try await certificates.openssl(
                "x509", "-req", "-days", "2", "-in", certificates["\(name).csr"], "-CA", certificates["ca.pem"],
                "-CAkey", certificates["ca.key"], "-CAcreateserial", "-extfile", certificates["\(name).ext"], "-out",
                certificates["\(name).pem"])
        }
        return certificates
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }  // it is in a folder for temporary files

    private func openssl(_ arguments: String..., key: String? = nil) async throws {
        let newKey = key.map { name in
            ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self["\(name).key"]]
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments + (newKey ?? [])
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let code: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.runUnblocked()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        #expect(code == 0, "openssl \(arguments) ended with \(code)")
    }
}
