import Testing

@testable import Registry

@Suite struct HostAddressTests {
    @Test(
        "one machine has one spelling",
        arguments: [
            ("192.0.2.1:5000", "192.0.2.1"), ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:5000", "192.0.2.1"), ("::FFFF:C000:0201", "192.0.2.1"), ("[::1]:80", "::1"),
            ("[::1]", "::1"), ("0:0:0:0:0:0:0:1", "::1"), ("2001:DB8::1", "2001:db8::1"), ("fe80::1%eth0", "fe80::1"),
        ])
    func spelling(_ written: String, _ host: String) {
        #expect(HostAddress(written)?.text == host)
    }

    @Test("what is no address is none", arguments: ["", ":", "localhost:80", "unix:/run/x", "[", "[]", "1.2.3:5", "é"])
    func none(_ written: String) {
        #expect(HostAddress(written) == nil)
    }
}
