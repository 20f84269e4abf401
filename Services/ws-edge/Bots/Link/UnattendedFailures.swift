import Bus
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// Notes actions that failed and whose outcome nobody waits for: called with `_async` or `_rate_limited`, or published
/// without `reply_to`. Somebody may want to know why nothing happened.
struct UnattendedFailures {
    /// How often such a failure is a warning in the log; those in between are logged at debug.
    private static let warnEvery = TimeAmount.minutes(1)

    private var warned: NIODeadline?

    /// An answer that goes to nobody.
    mutating func note(_ answer: EchoTable.Answer, _ metrics: BotMetrics, _ logger: Logger) {
        // `try?`: what is no object says nothing.
        guard answer.asker.purpose == .caller, let members = try? JSONObject(answer.body),
            members["status"]?.string == "failed"
        else { return }
        metrics.unattendedFailed.increment()
        let now = NIODeadline.now()
        let isDue = warned.map { now - $0 >= Self.warnEvery } ?? true
        if isDue { warned = now }
        logger.log(
            level: isDue ? .warning : .debug, "An action failed whose outcome nobody waits for.",
            metadata: [
                LogKeys.action: "\(answer.action.prefix(128))",
                LogKeys.status: "\(members["retcode"]?.int64 ?? 0)",
                LogKeys.carriedOut: "\(members["data"]?.object?["carried_out"]?.string ?? "not said")",
                LogKeys.reason: "\((members["msg"] ?? members["message"] ?? members["wording"])?.string ?? "not said")",
                LogKeys.traceID: "\(answer.asker.trace?.traceID ?? "")",
            ])
    }
}

extension Delivery {
    /// What is carried out in the place of an action that is answered at once: the same action without the suffix and
    /// without a reply address.
    func unattended(_ frame: JSONObject, _ name: ActionName) -> Delivery {
        var plain = ByteBuffer()
        plain.writeJSONString(name.plain)
        var message = Message(frame.setting("action", to: plain), properties)
        message.properties.replyTo = nil
        message.properties.correlationID = nil
        return Delivery(message, exchange: exchange, routingKey: routingKey, redelivered: redelivered) {
            self.acknowledge()
        }
    }
}
