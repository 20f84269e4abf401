import Actions
import NIOHTTP1
import WebSocketTransport

extension DoorPolicy.Visitor {
    init(_ request: UpgradeRequest) {
        self.init(
            hosts: request.headers["Host"], origins: request.headers["Origin"],
            fetchSites: request.headers["Sec-Fetch-Site"])
    }
}
