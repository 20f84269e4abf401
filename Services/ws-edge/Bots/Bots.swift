import Bus
import Contracts
import Logging
import NIOCore
import OneBot
import WebSocketTransport

/// The bots' side of an edge: dials, accepts and supervises bots; their events go to the bus, actions come from it.
///
/// `report` is called with each change of a bot (found out who it is, link up, link down), from any thread.
final class Bots: Sendable {
    init(
        configuration: WSEdgeConfiguration, address: EdgeAddress, bus: any MessageBus, group: any EventLoopGroup,
        logger: Logger, report: @escaping @Sendable (OnlineBot) -> Void
    ) { fatalError("unwritten") }

    /// Dials and supervises until cancelled; then answers what is in flight as `failed`, closes the links and stops the programs.
    func run() async { fatalError("unwritten") }

    /// Whether an upgrade request is a bot's (`/bot`, or `X-Self-ID` with `X-Client-Role`), and if so whether it may come in.
    func decide(_ request: UpgradeRequest) -> UpgradeDecision? { fatalError("unwritten") }

    /// Takes over the connection of a bot that dialled in; on its event loop, before any frame is read.
    func accept(_ connection: WebSocketConnection, _ request: UpgradeRequest) { fatalError("unwritten") }

    /// Restarts the supervised program of a bot (`bots[].command`).
    /// - Throws: 1404 where no such program runs here.
    func restart(_ bot: SelfID) async throws(RPC.Failure) { fatalError("unwritten") }

    /// Every bot known here, for a full report.
    var known: [OnlineBot] { fatalError("unwritten") }
}
