import Actions
import Contracts
import Logging
import Observability

extension ClientSession {
    /// Made when it is needed, which is seldom: kept, it would be a tenth of what an idle client costs.
    var logger: Logger {
        var logger = services.logger
        // A target may be dialled in vain for days; who dials it says what there is to know.
        if claim.transport == .reverseWebSocket, logger.logLevel == .info { logger.logLevel = .notice }
        logger[metadataKey: LogKeys.sessionID] = "\(id)"
        logger[metadataKey: LogKeys.remoteAddress] = "\(connection.remoteAddress)"
        if let name = upgrade.scope.name { logger[metadataKey: LogKeys.tokenName] = "\(name)" }
        if let appID { logger[metadataKey: LogKeys.appID] = "\(appID)" }
        return logger
    }
}
