import Actions
import Logging
import Observability

extension ClientSession {
    /// Made when it is needed, which is seldom: kept, it would be a tenth of what an idle client costs.
    var logger: Logger {
        var logger = context.logger
        logger[metadataKey: "client.session_id"] = "\(id)"
        logger[metadataKey: "client.remote_address"] = "\(connection.remoteAddress)"
        if let name = upgrade.scope.name { logger[metadataKey: LogKeys.tokenName] = "\(name)" }
        if let appID { logger[metadataKey: "client.app_id"] = "\(appID)" }
        return logger
    }
}
